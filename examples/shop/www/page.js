// The shop's own script: the basket, and a look at the cookies of the gated scripts.
const readCookie = (name) =>
  document.cookie.split("; ").find((pair) => pair.startsWith(name + "="))?.slice(name.length + 1);

const basket = document.getElementById("basket");
const showBasket = () => {
  basket.textContent = `${basket.dataset.label} (${Number(readCookie("lo_basket")) || 0})`;
};

for (const button of document.querySelectorAll("[data-add]")) {
  button.addEventListener("click", () => {
    const pieces = (Number(readCookie("lo_basket")) || 0) + 1;
    document.cookie = `lo_basket=${pieces}; Path=/; Max-Age=1209600; SameSite=Lax`;
    showBasket();
  });
}

const showCookies = () => {
  for (const cell of document.querySelectorAll("[data-cookie]")) {
    const text = readCookie(cell.dataset.cookie) === undefined ? cell.dataset.absent : cell.dataset.present;
    // Written only on change, so that a screen reader is not told the same thing each second.
    if (cell.textContent !== text) cell.textContent = text;
  }
};

showBasket();
showCookies();
setInterval(showCookies, 1000);
