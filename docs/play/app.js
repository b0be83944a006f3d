"use strict";

/* What the page does with its three networks. */

const element = (id) => document.getElementById(id);
const cards = JSON.parse(element("cards").textContent);

/* Weights stand in the page as text; they are read when they are first needed. */
const loaded = new Map();
const bytesOf = (name) => fromBase85(element(`weights-${name}`).textContent.trim());
function tensorsOf(name) {
  if (!loaded.has(name)) loaded.set(name, readSafetensors(bytesOf(name)));
  return loaded.get(name);
}

function show(canvas, picture) {
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").putImageData(toImageData(picture), 0, 0);
}

function savePNG(canvas, name) {
  canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }, "image/png");
}

/* ---- Tabs: a click, or the arrow keys ---- */

const tabs = [...document.querySelectorAll("[role=tab]")];
function choose(tab) {
  for (const other of tabs) {
    other.setAttribute("aria-selected", String(other === tab));
    other.tabIndex = other === tab ? 0 : -1;
    element(other.getAttribute("aria-controls")).hidden = other !== tab;
  }
  if (tab.id === "tab-play") drawPlane();
  if (tab.id === "tab-translate" && !source) useSample();
}
tabs.forEach((tab, k) => {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    const next = tabs[(k + move + tabs.length) % tabs.length];
    next.focus();
    choose(next);
  });
});

/* ---- Draw ---- */

let G, w, mix, amounts, waiting, thumbnails;
const seeds = { a: 3, b: 8 };

function openWorld(name) {
  const card = cards.stylegans.find((one) => one.name === name);
  G = new StyleGAN(tensorsOf(name), card.config);
  G.card = card;
  Object.assign(seeds, card.seeds);
  mix = G.levels().map(() => 0);
  amounts = card.directions.map(() => 0);
  element("psi").value = 1;
  element("psi-value").textContent = "1.00";
  element("guess").textContent = card.guess;
  element("levels").replaceChildren(...G.levels().map(levelControls));
  element("directions").replaceChildren(...card.directions.map(directionControls));
  newParents();
}

function levelControls({ resolution }, k, levels) {
  const rank = k === 0 ? " (coarsest)" : k === levels.length - 1 ? " (finest)" : "";
  const box = document.createElement("div");
  box.className = "level";
  box.innerHTML = `<button type="button" aria-label="${resolution} px alone from B"><canvas width="64" height="64"></canvas></button>
    <label>${resolution} px${rank} <input type="range" min="0" max="1" step="0.02" value="0"
    aria-label="${resolution} px: styles from A to B"></label><span class="note">A&nbsp;…&nbsp;B</span>`;
  const slider = box.querySelector("input");
  slider.addEventListener("input", () => {
    mix[k] = Number(slider.value);
    redraw();
  });
  box.querySelector("button").addEventListener("click", () => setMix(mix.map((_, n) => Number(n === k))));
  return box;
}

function directionControls({ name, works }, k) {
  const box = document.createElement("div");
  box.className = "level";
  box.innerHTML = `<label>${name} <input type="range" min="${-G.card.steps}" max="${G.card.steps}"
    step="0.5" value="0" aria-label="${name}"></label>
    <span class="note">works in ${Math.round(100 * works)}&nbsp;%</span>`;
  const slider = box.querySelector("input");
  slider.addEventListener("input", () => {
    amounts[k] = Number(slider.value);
    redraw();
  });
  slider.addEventListener("change", drawThumbnails);
  return box;
}

function setMix(values) {
  mix = values;
  element("levels").querySelectorAll("input").forEach((slider, k) => (slider.value = values[k]));
  redraw();
}

function newParents() {
  w = { a: G.map(G.randomZ(seeds.a)), b: G.map(G.randomZ(seeds.b)) };
  for (const parent of ["a", "b"]) {
    show(element(`parent-${parent}`), G.synthesise(Array(G.numWs).fill(truncated(w[parent]))));
    element(`parent-${parent}`).setAttribute("aria-label", `Parent ${parent.toUpperCase()}, seed ${seeds[parent]}`);
  }
  redraw();
  drawThumbnails();
}

const psi = () => Number(element("psi").value);
const truncated = (one) => G.truncate(one, psi());

/* The styles of a mixture: each level some way from A to B, then the directions. */
function stylesOf(shares) {
  const ws = Array(G.numWs);
  G.levels().forEach((level, k) => {
    for (const j of level.ws) ws[j] = truncated(lerp(w.a, w.b, shares[k]));
  });
  G.card.directions.forEach(({ direction, layers }, k) => {
    if (amounts[k]) for (const j of layers) ws[j] = ws[j].map((value, n) => value + amounts[k] * G.card.size * direction[n]);
  });
  return ws;
}

function redraw() {
  if (waiting) return; // one drawing a frame is enough
  waiting = requestAnimationFrame(() => {
    waiting = null;
    const began = performance.now();
    show(element("mixture"), G.synthesise(stylesOf(mix)));
    element("draw-time").textContent = `drawn in ${Math.round(performance.now() - began)} ms`;
  });
}

/* A with one level alone from B, one after another, so that the page stays awake. */
function drawThumbnails() {
  clearTimeout(thumbnails);
  const canvases = element("levels").querySelectorAll("canvas");
  const one = (k) => {
    if (k === canvases.length) return;
    show(canvases[k], G.synthesise(stylesOf(mix.map((_, n) => Number(n === k)))));
    thumbnails = setTimeout(one, 0, k + 1);
  };
  thumbnails = setTimeout(one, 50, 0);
}

function walk() {
  const began = performance.now();
  const frame = (now) => {
    const t = Math.min((now - began) / 4000, 1);
    setMix(mix.map(() => t));
    if (t < 1) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

element("world").append(...cards.stylegans.map(({ name, title }) => new Option(title, name)));
element("world").addEventListener("change", (event) => openWorld(event.target.value));
document.querySelectorAll("[data-parent]").forEach((button) =>
  button.addEventListener("click", () => {
    seeds[button.dataset.parent] = Math.floor(Math.random() * 100000);
    newParents();
  }),
);
element("psi").addEventListener("input", () => {
  element("psi-value").textContent = psi().toFixed(2);
  redraw();
});
element("psi").addEventListener("change", newParents);
element("walk").addEventListener("click", walk);
element("reset").addEventListener("click", () => {
  amounts.fill(0);
  element("directions").querySelectorAll("input").forEach((slider) => (slider.value = 0));
  setMix(mix.map(() => 0));
  drawThumbnails();
});
element("png").addEventListener("click", () => {
  const large = document.createElement("canvas");
  large.width = large.height = 512;
  large.getContext("2d").drawImage(element("mixture"), 0, 0, 512, 512);
  savePNG(large, "drawn.png");
});

/* ---- Translate: in a worker, which is made of the library's own text ---- */

let source = null;
let worker = null;

function translator() {
  return cards.translators.find(({ name }) => name === element("translator").value);
}

function makeWorker() {
  const text = `${element("library").textContent}
    onmessage = ({ data: { bytes, config, picture } }) => {
      const G = new Translator(readSafetensors(bytes), config);
      const out = G.translate(picture, (share) => postMessage({ share }));
      postMessage({ out });
    };`;
  return new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
}

/* A picture of any size, at most as long as asked for, to the translator and back. */
function translate() {
  if (!source) return;
  const longest = Number(element("side").value);
  const scale = Math.min(1, longest / Math.max(source.width, source.height));
  const width = Math.max(8, Math.round(source.width * scale));
  const height = Math.max(8, Math.round(source.height * scale));
  const before = element("before");
  before.width = width;
  before.height = height;
  const context = before.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white"; // behind what is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0, width, height);
  const picture = fromImageData(context.getImageData(0, 0, width, height));

  worker?.terminate();
  worker = makeWorker();
  const began = performance.now();
  element("progress").value = 0;
  element("save-translation").disabled = true;
  element("translate-time").textContent = "";
  worker.onmessage = ({ data: { share, out } }) => {
    if (share) element("progress").value = share;
    if (!out) return;
    show(element("after"), out);
    element("translate-time").textContent = `${((performance.now() - began) / 1000).toFixed(1)} s`;
    element("save-translation").disabled = false;
  };
  worker.postMessage({ bytes: bytesOf(translator().name), config: translator().config, picture });
}

/* Reading takes time: of two pictures chosen shortly after each other, the later one is shown. */
let choice = 0;

async function usePicture(reading, name = "this file") {
  const mine = ++choice;
  element("translate-error").textContent = "";
  let picture;
  try {
    picture = await createImageBitmap(await reading);
  } catch {
    const reason = `${name} is not a picture that this browser reads: try a JPEG or a PNG.`;
    if (mine === choice) element("translate-error").textContent = reason;
    return;
  }
  if (mine !== choice) return;
  source = picture;
  translate();
}

function useSample() {
  const loaded = fetch(translator().sample); // a data: address, so nothing leaves the machine
  usePicture(loaded.then((response) => response.blob()));
}

function aboutTranslator() {
  element("about-translator").textContent = translator().about;
}

element("translator").append(...cards.translators.map(({ name, title }) => new Option(title, name)));
element("translator").addEventListener("change", () => {
  aboutTranslator();
  useSample();
});
aboutTranslator();
element("side").addEventListener("change", translate);
element("sample").addEventListener("click", useSample);
element("file").addEventListener("change", ({ target }) => target.files[0] && usePicture(target.files[0], target.files[0].name));
element("save-translation").addEventListener("click", () => savePNG(element("after"), "translated.png"));
const drop = element("drop");
drop.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const file = event.dataTransfer.files[0];
  if (file) usePicture(file, file.name);
});

/* ---- Play ---- */

const SIDE = 520;
const REACH = 3; // the plane goes from -3 to 3
let game, curves, running;

function newGame() {
  game = new Game({ seed: Number(element("seed").value), shape: element("shape").value, loss: element("loss").value });
  curves = [];
  setRates();
  drawPlane();
}

function setRates() {
  for (const which of ["g", "d"]) {
    const rate = 10 ** Number(element(`rate-${which}`).value);
    element(`rate-${which}-value`).textContent = rate.toPrecision(2);
    game[which === "g" ? "lrG" : "lrD"] = rate;
  }
}

function advance(steps) {
  for (let k = 0; k < steps; k++) curves.push(game.step());
  curves = curves.slice(-400);
}

function grid(n) {
  const points = new Float32Array(2 * n * n);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      points[2 * (row * n + column)] = REACH * ((2 * (column + 0.5)) / n - 1);
      points[2 * (row * n + column) + 1] = REACH * (1 - (2 * (row + 0.5)) / n);
    }
  }
  return points;
}

const toPixel = (value, flip) => ((flip ? -value : value) / REACH + 1) * (SIDE / 2);

function drawPlane() {
  const context = element("plane").getContext("2d");
  const ink = getComputedStyle(document.documentElement);
  const colour = (name) => ink.getPropertyValue(`--${name}`).trim();

  // D's opinion, as the ground
  const n = 52, cell = SIDE / n;
  const { probabilities } = game.judge(grid(n));
  probabilities.forEach((p, k) => {
    const [r, g, b] = p > 0.5 ? [70, 140, 200] : [215, 90, 100];
    context.fillStyle = colour("ground");
    context.fillRect((k % n) * cell, Math.floor(k / n) * cell, cell + 1, cell + 1);
    context.fillStyle = `rgba(${r}, ${g}, ${b}, ${Math.abs(p - 0.5) * 1.1})`;
    context.fillRect((k % n) * cell, Math.floor(k / n) * cell, cell + 1, cell + 1);
  });

  const dots = (points, fill) => {
    context.fillStyle = fill;
    for (let k = 0; k < points.length; k += 2) {
      context.beginPath();
      context.arc(toPixel(points[k]), toPixel(points[k + 1], true), 2.2, 0, 7);
      context.fill();
    }
  };
  dots(realShown(), colour("real"));
  dots(game.samples(), colour("fake"));

  // Arrows: the way in which G's loss pushes a point that lies there
  const places = grid(15);
  const { arrows } = game.judge(places);
  const lengths = Array.from({ length: places.length / 2 }, (_, k) => Math.hypot(arrows[2 * k], arrows[2 * k + 1]));
  const longest = [...lengths].sort((a, b) => a - b)[Math.floor(0.95 * lengths.length)] || 1;
  context.strokeStyle = colour("ink");
  context.lineWidth = 1.2;
  for (let k = 0; k < places.length; k += 2) {
    const scale = (26 * Math.min(lengths[k / 2] / longest, 1)) / (lengths[k / 2] || 1);
    const x = toPixel(places[k]), y = toPixel(places[k + 1], true);
    const dx = arrows[k] * scale, dy = -arrows[k + 1] * scale;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + dx, y + dy);
    context.lineTo(x + 0.75 * dx - 0.15 * dy, y + 0.75 * dy + 0.15 * dx);
    context.moveTo(x + dx, y + dy);
    context.lineTo(x + 0.75 * dx + 0.15 * dy, y + 0.75 * dy - 0.15 * dx);
    context.stroke();
  }

  const last = curves.at(-1);
  const modes = SHAPES[game.shape].centres.length;
  element("counts").textContent =
    `step ${game.nDone}: ${game.modesCovered()} of ${modes} modes covered` +
    (last ? `; loss of D ${last.lossD.toFixed(2)}, of G ${last.lossG.toFixed(2)}` : "");
  drawCurves(colour);
}

/* Data points to look at, drawn once for each shape, from a seed of their own. */
const shownData = new Map();
function realShown() {
  if (!shownData.has(game.shape)) shownData.set(game.shape, new Game({ seed: 1000, shape: game.shape }).real(500));
  return shownData.get(game.shape);
}

function drawCurves(colour) {
  const canvas = element("curves"), context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (curves.length < 2) return;
  const values = curves.flatMap(({ lossD, lossG }) => [lossD, lossG]);
  const low = Math.min(...values), high = Math.max(...values, low + 0.1);
  [["lossD", "real", "D"], ["lossG", "fake", "G"]].forEach(([key, name, label], k) => {
    context.strokeStyle = context.fillStyle = colour(name);
    context.beginPath();
    curves.forEach((row, n) => {
      context.lineTo((n / (curves.length - 1)) * (canvas.width - 8) + 4, canvas.height - 6 - ((row[key] - low) / (high - low)) * (canvas.height - 26));
    });
    context.stroke();
    context.font = "13px system-ui, sans-serif";
    context.fillText(`loss of ${label}`, 6 + 90 * k, 13);
  });
}

function run() {
  running = !running;
  element("run").textContent = running ? "Pause" : "Run";
  const frame = () => {
    if (!running) return;
    const began = performance.now();
    do advance(1);
    while (performance.now() - began < 40);
    if (!element("play").hidden) drawPlane();
    requestAnimationFrame(frame);
  };
  if (running) requestAnimationFrame(frame);
}

element("shape").append(...Object.keys(SHAPES).map((name) => new Option(name)));
element("loss").append(...Object.keys(LOSSES).map((name) => new Option(name)));
for (const id of ["shape", "loss", "seed"]) element(id).addEventListener("change", newGame);
for (const id of ["rate-g", "rate-d"]) element(id).addEventListener("input", setRates);
element("run").addEventListener("click", run);
element("step").addEventListener("click", () => {
  advance(1);
  drawPlane();
});
element("restart").addEventListener("click", newGame);

element("credits").textContent = cards.credits;
openWorld(cards.stylegans[0].name);
newGame();
