// Stands for the chat of the invented vendor Parley. It runs only with consent.
document.cookie = "_parley=1; Path=/; Max-Age=2592000; SameSite=Lax";
const functionalRow = document.getElementById("run-functional");
functionalRow.classList.add("ran");
functionalRow.querySelector(".state").textContent = functionalRow.dataset.ran;
