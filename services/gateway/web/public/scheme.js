// Sets the colour scheme before the first paint; a file because the content security policy forbids inline scripts.
(function () {
  var wanted = localStorage.getItem("cjm-color-scheme") || "auto";
  var dark = wanted === "dark" || (wanted === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
