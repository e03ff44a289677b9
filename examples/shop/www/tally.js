// Stands for the measurement of the invented vendor Tally. It runs only with consent.
document.cookie = "_tally=1; Path=/; Max-Age=34128000; SameSite=Lax";
const analyticsRow = document.getElementById("run-analytics");
analyticsRow.classList.add("ran");
analyticsRow.querySelector(".state").textContent = analyticsRow.dataset.ran;
