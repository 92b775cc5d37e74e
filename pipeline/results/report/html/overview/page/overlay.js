// The chart in which the chosen runs lie over each other, as SVG.

const HEIGHT = 320;
const MARGIN = { left: 8, right: 58, top: 10, bottom: 24 };
const LINES = 8;
const SPACE = "http://www.w3.org/2000/svg";

function svg(tag, attributes, text) {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// Returns the classes of the line of the n-th chosen run: a colour, and dashes once all are in use.
function lineClass(n) {
  return `line line-${n % LINES} dash-${Math.floor(n / LINES) % 3}`;
}

class Overlay {
  constructor(box, told, read) {
    [this.box, this.told, this.read] = [box, told, read];
    [this.lines, this.together] = [[], false];
    box.addEventListener("pointermove", (event) => {
      const { left } = box.getBoundingClientRect();
      this.point(this.timeAt(event.clientX - left));
    });
    box.addEventListener("pointerleave", () => this.point(null));
    box.addEventListener("keydown", (event) => this.pressed(event));
    new ResizeObserver(() => this.draw()).observe(box);
  }

  // Shows some runs, each { place, name, curve }, as they were in time or from one beginning.
  show(lines, together) {
    this.lines = lines;
    this.together = together;
    this.draw();
  }

  draw() {
    this.at = null;
    this.read.textContent = "";
    const width = this.box.clientWidth;
    const drawn = this.lines.filter(({ curve }) => curve.seconds.length > 1);
    if (width === 0) return;
    const without = this.lines.length - drawn.length;
    const lack = without ? ` ${formatCount(without, "run")} without equity ${without === 1 ? "is" : "are"} not drawn.` : "";
    if (drawn.length === 0) {
      this.drawn = [];
      this.box.replaceChildren();
      this.told.textContent = lack.trim();
      return;
    }
    this.drawn = drawn.map(({ name, curve, place }) => ({
      ...{ name, place, growth: curve.growth },
      seconds: this.together ? curve.seconds.map((one) => one - curve.seconds[0]) : curve.seconds,
    }));
    const [times, values] = ["seconds", "growth"].map((key) => this.drawn.flatMap((one) => one[key]));
    this.span(times, values);
    this.width = width;
    this.box.replaceChildren(this.picture());
    const ends = this.drawn.map(({ name, growth }) => `${name} ${percentText(growth.at(-1))}`);
    this.box.setAttribute("aria-label", `Growth of the equity. At the end: ${ends.join("; ")}`);
    this.told.textContent = `Growth of the equity from the start of each run.${lack}`;
  }

  span(times, values) {
    const ends = (all) => all.reduce(([a, b], one) => [Math.min(a, one), Math.max(b, one)], [Infinity, -Infinity]);
    [this.first, this.last] = ends(times);
    if (this.first === this.last) this.last += 1;
    const [low, high] = ends([...values, 1]);
    const room = (high - low || 0.01) * 0.04;
    [this.low, this.high] = [low - room, high + room];
  }

  x(seconds) {
    const wide = this.width - MARGIN.left - MARGIN.right;
    return MARGIN.left + (wide * (seconds - this.first)) / (this.last - this.first);
  }

  y(growth) {
    const high = HEIGHT - MARGIN.top - MARGIN.bottom;
    return MARGIN.top + (high * (this.high - growth)) / (this.high - this.low);
  }

  timeAt(x) {
    const wide = this.width - MARGIN.left - MARGIN.right;
    const share = Math.min(1, Math.max(0, (x - MARGIN.left) / wide));
    return this.first + share * (this.last - this.first);
  }

  picture() {
    const made = svg("svg", { width: this.width, height: HEIGHT, "aria-hidden": "true" });
    const right = this.width - MARGIN.right;
    for (const tick of roundNumbers(this.low - 1, this.high - 1, 5)) {
      const y = this.y(1 + tick).toFixed(1);
      const kind = Math.abs(tick) < 1e-12 ? "zero" : "grid";
      made.append(svg("path", { class: kind, d: `M${MARGIN.left} ${y}H${right}` }));
      made.append(svg("text", { x: right + 6, y: Number(y) + 4 }, percentText(1 + tick)));
    }
    const span = this.last - this.first;
    for (const moment of moments(this.first, this.last, Math.max(2, Math.floor(this.width / 150)))) {
      const x = this.x(moment);
      if (x < MARGIN.left + 30 || x > right - 30) continue;
      const text = this.together ? daysText(moment, span) : dateText(moment, span);
      made.append(svg("text", { x, y: HEIGHT - 6, "text-anchor": "middle" }, text));
    }
    for (const { place, seconds, growth } of this.drawn) {
      const points = seconds.map((at, n) => `${this.x(at).toFixed(1)} ${this.y(growth[n]).toFixed(1)}`);
      made.append(svg("path", { class: lineClass(place), d: `M${points.join("L")}` }));
    }
    this.cursor = svg("path", { class: "cursor", d: "" });
    made.append(this.cursor);
    return made;
  }

  // Says what the runs had grown to at a moment; null: at none.
  point(moment) {
    if (!this.drawn?.length) return;
    this.at = moment;
    if (moment === null) {
      this.cursor.setAttribute("d", "");
      this.read.textContent = "";
      return;
    }
    const x = this.x(moment).toFixed(1);
    this.cursor.setAttribute("d", `M${x} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}`);
    const said = this.drawn.map(({ name, seconds, growth }) => {
      const at = seconds.findLastIndex((one) => one <= moment);
      const there = at >= 0 && moment <= seconds.at(-1);
      return `${shorten(name)} ${there ? percentText(growth[at]) : UNKNOWN}`;
    });
    const span = this.last - this.first;
    const when = this.together ? daysText(moment, span) : dateText(moment, span);
    this.read.textContent = `At ${when}: ${said.join("; ")}.`;
  }

  pressed(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") this.point(null);
    if (steps === undefined || !this.drawn?.length) return;
    event.preventDefault();
    const step = (this.last - this.first) / 50;
    const next = this.at === null ? this.last : this.at + steps * step;
    this.point(Math.min(this.last, Math.max(this.first, next)));
  }
}
