// Stands for the advertising of the invented vendor Adverra. It runs only with consent.
document.cookie = "_adverra=1; Path=/; Max-Age=7776000; SameSite=Lax";
const marketingRow = document.getElementById("run-marketing");
marketingRow.classList.add("ran");
marketingRow.querySelector(".state").textContent = marketingRow.dataset.ran;
