// Fails when a part of the built page is more than 5 % over its size budget (gzip, kB).
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const root = new URL("../../src/cjm_gateway/static/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", root), "utf8"));
const kilobytes = (file) => gzipSync(readFileSync(new URL(file, root)), { level: 9 }).length / 1000;

/** Chunk keys that a chunk loads at once, itself included. */
function closure(key, seen = new Set()) {
  if (!seen.has(key)) {
    seen.add(key);
    (manifest[key].imports ?? []).forEach((next) => closure(next, seen));
  }
  return seen;
}

const entry = closure("index.html");
const withHome = new Set([...entry, ...closure("src/features/home/HomePage.tsx"), "src/messages/home.en.json"]);
// The menus of the top bar load beside the first page; whatever page comes next finds them there.
const shell = new Set([...withHome, ...closure("src/app/TopBar.tsx"), ...closure("src/app/PhoneMore.tsx")]);
const sum = (keys) => [...keys].reduce((total, key) => total + kilobytes(manifest[key].file), 0);
const sumCss = (keys) => [...new Set([...keys].flatMap((key) => manifest[key].css ?? []))].reduce((total, file) => total + kilobytes(file), 0);
const explorer = new Set(["src/features/explore/ExploreLayout.tsx", "src/features/explore/MapPage.tsx"].flatMap((key) => [...closure(key)]));
const assets = readdirSync(new URL("assets/", root));
const named = (pattern) => assets.filter((file) => pattern.test(file)).reduce((total, file) => total + kilobytes(`assets/${file}`), 0);

const measured = [
  ["initial JS (shell and Home)", sum(withHome), 180],
  ["initial CSS", sumCss(withHome), 40],
  ["explorer, beyond the shell", sum([...explorer].filter((key) => !shell.has(key))), 60],
  ["layout worker", named(/worker.*\.js$/i), 650],
  ["ECharts", named(/^echarts.*\.js$/), 150],
];

let isOver = false;
for (const [name, size, budget] of measured) {
  const over = size > budget * 1.05;
  isOver ||= over;
  console.log(`${over ? "OVER" : "ok  "}  ${name}: ${size.toFixed(1)} kB of ${budget} kB`);
}
process.exit(isOver ? 1 : 0);
