// Makes the page from the columns.

// Adds values that several drawings need: the lanes from best to worst, and their ranks.
function readData() {
  const data = JSON.parse(document.getElementById("columns").textContent);
  data.lanes = data.keys.length;
  data.scores = data.scores.map(({ figure, minimise }) =>
    Object.assign(data.figures[figure], { minimise }),
  );
  const { values, minimise } = data.scores[0];
  const sign = minimise ? 1 : -1;
  const key = values.map((value, lane) =>
    value === null || !data.ranked[lane] ? Infinity : sign * value,
  );
  data.order = Array.from({ length: data.lanes }, (_, lane) => lane);
  data.order.sort((a, b) => (key[a] === key[b] ? a - b : key[a] - key[b]));
  data.rank = new Int32Array(data.lanes);
  data.order.forEach((lane, rank) => (data.rank[lane] = rank));
  data.rankText = (lane) => (key[lane] === Infinity ? UNKNOWN : WHOLE.format(data.rank[lane] + 1));
  return data;
}

function part(section, selector) {
  return document.querySelector(`#${section} ${selector}`);
}

// Adds a drop-down of `options`, each [text, value]; returns a function that gives the chosen one.
function addChoice(section, label, options, chosen, changed) {
  const select = element("select", { name: label.toLowerCase().replace(/ /g, "-") });
  options.forEach(([text], place) => select.append(element("option", { text, value: place })));
  select.value = Math.max(
    0,
    options.findIndex(([, value]) => value === chosen),
  );
  select.addEventListener("change", () => changed(select));
  part(section, ".controls").append(element("label", { text: label }, select));
  return {
    get value() {
      return options[select.value][1];
    },
    set value(value) {
      select.value = options.findIndex(([, one]) => one === value);
    },
  };
}

function figureOptions(data) {
  return data.figures.filter(hasValues).map((figure) => [figure.label, figure]);
}

function nothing(section, reason) {
  part(section, "h2").after(element("p", { class: "empty", text: reason }));
}

function heatmap(data) {
  const [first, second] = telling(data.dimensions, data.scores[0].values);
  const all = data.dimensions.map((one) => [one.name, one]);
  const none = [UNKNOWN, null];
  let [last, other] = [data.dimensions[first], data.dimensions[second] ?? null];
  const draw = () => {
    // Both axes cannot show one parameter: choosing that of the other axis swaps the two.
    if (across.value === up.value) {
      if (across.value === last && other !== null) across.value = other;
      else up.value = last;
    }
    [last, other] = [across.value, up.value];
    const view = { across: last, up: other, figure: figure.value, aggregate: aggregate.value };
    const { drawn, shown, ranges, clipped } = drawHeatmap(part("heatmap", ".chart"), data, view);
    const told = [
      aggregate.value === "best"
        ? `Each cell shows its best set by ${data.scores[0].label}.`
        : "Each cell shows the median of its sets.",
    ];
    if (shown < data.lanes) {
      const lack = formatCount(data.lanes - shown, "set");
      told.push(
        `${lack} without these parameters ${data.lanes - shown === 1 ? "is" : "are"} left out.`,
      );
    }
    if (ranges) told.push("Parameters of many values are put into ranges.");
    if (clipped) told.push("Colours span the 1st to the 99th percentile.");
    part("heatmap", ".note").textContent = told.join(" ");
    return drawn;
  };
  const across = addChoice("heatmap", "Across", all, last, draw);
  const up = addChoice("heatmap", "Up", [...all, none], other, draw);
  const figure = addChoice("heatmap", "Figure", figureOptions(data), data.scores[0], draw);
  const kinds = [
    ["best set", "best"],
    ["median", "median"],
  ];
  const aggregate = addChoice("heatmap", "Over the others", kinds, "best", draw);
  return draw;
}

function parallel(data) {
  const told = (selected) => {
    part("parallel", ".note").textContent =
      `${WHOLE.format(selected)} of ${formatCount(data.lanes, "set")} are selected. Drag along an ` +
      "axis to select others, click on it to let go; drag a name to move its axis.";
  };
  const lines = new ParallelCoordinates(part("parallel", ".chart"), data, told);
  const draw = () => lines.draw(figure.value);
  const figure = addChoice("parallel", "Colour", figureOptions(data), data.scores[0], draw);
  return draw;
}

function distribution(data) {
  const draw = () => {
    const view = { figure: figure.value };
    const { drawn, known, beyond } = drawDistribution(part("distribution", ".chart"), data, view);
    const told = [];
    if (known < data.lanes) {
      told.push(`${WHOLE.format(known)} of ${formatCount(data.lanes, "set")} have this figure.`);
    }
    if (beyond)
      told.push(`The outermost bars hold ${formatCount(beyond, "set")} from beyond them.`);
    part("distribution", ".note").textContent = told.join(" ");
    return drawn;
  };
  const figure = addChoice("distribution", "Figure", figureOptions(data), data.scores[0], draw);
  return draw;
}

function equity(data) {
  const draw = () => drawEquity(part("equity", ".chart"), data, { scale: scale.value }).drawn;
  const paged = data.order.filter((lane) => data.pages[lane]);
  if (paged.length) {
    const links = paged.flatMap((lane) => [" ", pageLink(data, lane, data.rankText(lane))]);
    part("equity", ".note").replaceChildren("The page of each run, by its rank:", ...links);
  }
  const scale = addChoice(
    "equity",
    "Scale",
    [
      ["linear", "linear"],
      ["logarithmic", "log"],
    ],
    "linear",
    draw,
  );
  return draw;
}

function front(data) {
  const scores = data.scores.map((figure) => [figure.label, figure]);
  let last = [data.scores[0], data.scores[1]];
  const draw = () => {
    // Both axes cannot show one score: choosing that of the other axis swaps the two.
    if (across.value === up.value) {
      if (across.value === last[0]) across.value = last[1];
      else up.value = last[0];
    }
    last = [across.value, up.value];
    return drawFront(part("front", ".chart"), data, { across: last[0], up: last[1] }).drawn;
  };
  const across = addChoice("front", "Across", scores, last[0], draw);
  const up = addChoice("front", "Up", scores, last[1], draw);
  drawSets(part("front", "table"), part("front", ".note"), data, data.front);
  const told =
    `${formatCount(data.front.length, "set")} of ${WHOLE.format(data.lanes)} on the front: no other ` +
    "one is at least as good by all scores and better by one.";
  part("front", "h2").after(element("p", { class: "note", text: told }));
  return draw;
}

function pruned(data) {
  part("pruned", ".note").textContent = prunedText(data.pruned);
  return () => drawPruned(part("pruned", ".chart"), data).drawn;
}

// Fills the tables and returns the functions that draw the charts, in the order of the page.
function makeSections(data) {
  const charts = [];
  const scored = hasValues(data.scores[0]);
  const reason = data.lanes === 0 ? "No set came to a result." : "No set has a score.";
  if (!scored) nothing("heatmap", reason);
  else if (data.dimensions.length === 0)
    nothing("heatmap", "No parameter differs between the sets.");
  else charts.push(heatmap(data));
  if (scored && data.dimensions.length > 0) charts.push(parallel(data));
  else part("parallel", "h2").parentElement.remove();
  if (scored) charts.push(distribution(data));
  else document.getElementById("distribution").remove();
  if (data.curves.some((curve) => curve.days.length > 0)) charts.push(equity(data));
  else nothing("equity", "No set was run again in full detail.");
  if (data.pruned.curves.length > 0) charts.push(pruned(data));
  else document.getElementById("pruned").remove();
  if (data.front.length > 0) charts.push(front(data));
  else document.getElementById("front").remove();
  if (data.lanes > 0) drawSets(part("best", "table"), part("best", ".note"), data, data.order);
  else nothing("best", reason);
  if (data.failed.lanes > 0)
    drawFailed(part("failed", "table"), part("failed", ".note"), data.failed);
  else document.getElementById("failed").remove();
  return charts;
}

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

async function drawAll(charts) {
  for (const draw of charts) {
    // Each chart is shown as soon as it is drawn.
    await nextFrame();
    await draw();
  }
  await nextFrame();
}

const charts = makeSections(readData());
// A program that drives the page can wait for `drawn`, which holds the time when it was drawn.
const redraw = () => {
  window.sweepReport = { drawn: drawAll(charts).then(() => performance.now()) };
};
redraw();
themeButton(document.getElementById("theme"));
onTheme(redraw);
