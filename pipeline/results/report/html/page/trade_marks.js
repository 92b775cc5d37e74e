// Draws entries and exits, the way between them, and stops and targets into the price chart.

// So many trades in view have lines between entry and exit; more have marks alone.
const MOST_WAYS = 120;
const MOST_RESTING = 150;
// Marks that are closer than this, in pixels, are drawn once.
const CLOSE = 5;

class TradeMarks {
  constructor() {
    this.trades = null;
    this.level = null;
    this.chosen = null;
    this.colours = null;
    this.shown = [];
  }

  attached({ chart, series, requestUpdate }) {
    this.scale = chart.timeScale();
    this.series = series;
    this.update = requestUpdate;
  }

  paneViews() {
    return [{ zOrder: () => "top", renderer: () => ({ draw: (target) => this.#draw(target) }) }];
  }

  // `trades`: those of the symbol, with their places on `level`, whose first loaded bar is `low`.
  show(trades, level, low) {
    Object.assign(this, { trades, level, low });
    this.update?.();
  }

  choose(trade) {
    this.chosen = trade;
    this.update?.();
  }

  // Returns the trade whose entry or exit is nearest to a point, null if none is near.
  nearest(x, y) {
    let [found, least] = [null, 26];
    for (const [trade, px, py] of this.shown) {
      const away = Math.hypot(px - x, py - y);
      if (away < least) [found, least] = [trade, away];
    }
    return found;
  }

  #x(place) {
    return this.left + place * this.spacing;
  }

  #draw(target) {
    if (this.trades === null) return;
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      const range = this.scale.getVisibleLogicalRange();
      if (range === null) return;
      const [from, to] = [range.from + this.low - 1, range.to + this.low + 1];
      // Places are as far apart as bars; asking for thousands of them one by one would take long.
      this.spacing = this.scale.logicalToCoordinate(1) - this.scale.logicalToCoordinate(0);
      this.left = this.scale.logicalToCoordinate(0) - this.low * this.spacing;
      this.shown = [];
      const { entered, left } = this.trades;
      const visible = [];
      for (let i = 0; i < entered.length; i++) {
        if (left[i] >= from && entered[i] <= to) visible.push(i);
      }
      const chosen = visible.find((i) => this.trades.rows[i] === this.chosen);
      context.save();
      this.#resting(context, from, to, mediaSize.width);
      if (visible.length <= MOST_WAYS) for (const i of visible) this.#way(context, i);
      this.#marks(context, visible, from, to);
      if (chosen !== undefined) this.#ring(context, chosen);
      context.restore();
    });
  }

  // Returns where a trade's entry is, and where its exit is; null for one that is still open.
  #entryPoint(i) {
    const { trips, rows, entered } = this.trades;
    return [this.#x(entered[i]), this.series.priceToCoordinate(trips.entry_price[rows[i]])];
  }

  #exitPoint(i) {
    const { trips, rows, left } = this.trades;
    if (!trips.exit[rows[i]]) return null;
    return [this.#x(left[i]), this.series.priceToCoordinate(trips.exit_price[rows[i]])];
  }

  #colourOf(row) {
    return this.trades.trips.profit[row] < 0 ? this.colours.loss : this.colours.gain;
  }

  #way(context, i) {
    const end = this.#exitPoint(i);
    if (end === null) return;
    const row = this.trades.rows[i];
    const chosen = row === this.chosen;
    context.strokeStyle = this.#colourOf(row);
    context.lineWidth = chosen ? 2.5 : 1.25;
    context.setLineDash(chosen ? [] : [3, 2]);
    context.beginPath();
    context.moveTo(...this.#entryPoint(i));
    context.lineTo(...end);
    context.stroke();
  }

  #marks(context, visible, from, to) {
    const { trips, rows, entered, left } = this.trades;
    const last = { entry: -Infinity, exit: -Infinity };
    const apart = visible.length > MOST_WAYS ? CLOSE : -Infinity;
    // The more there are, the smaller they are.
    this.size = Math.min(1, Math.max(0.5, 30 / (visible.length + 1)));
    context.setLineDash([]);
    for (const i of visible) {
      const row = rows[i];
      if (left[i] <= to && this.#x(left[i]) - last.exit >= apart) {
        const point = this.#exitPoint(i);
        if (point !== null) {
          this.#exit(context, ...point, this.#colourOf(row));
          this.shown.push([row, ...point]);
          last.exit = point[0];
        }
      }
      if (entered[i] >= from && this.#x(entered[i]) - last.entry >= apart) {
        const point = this.#entryPoint(i);
        this.#entry(context, ...point, trips.long[row] === 1);
        this.shown.push([row, ...point]);
        last.entry = point[0];
      }
    }
  }

  // A triangle whose tip is at the price: it points up where units were bought.
  #entry(context, x, y, long) {
    const down = long ? 1 : -1;
    context.fillStyle = long ? this.colours.accent : this.colours.chosen;
    context.strokeStyle = this.colours.surface;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x - 5 * this.size, y + 9 * this.size * down);
    context.lineTo(x + 5 * this.size, y + 9 * this.size * down);
    context.closePath();
    context.fill();
    context.stroke();
  }

  #exit(context, x, y, colour) {
    context.fillStyle = this.colours.surface;
    context.strokeStyle = colour;
    context.lineWidth = 2 * this.size;
    context.beginPath();
    context.arc(x, y, 3.2 * this.size, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }

  #ring(context, i) {
    context.strokeStyle = this.colours.ink;
    context.lineWidth = 1.5;
    context.setLineDash([]);
    for (const point of [this.#entryPoint(i), this.#exitPoint(i)]) {
      if (point === null) continue;
      context.beginPath();
      context.arc(...point, 10, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  // Stops and limits while they waited: all if there are few, else those of the chosen trade.
  #resting(context, from, to, width) {
    const { resting, begun, ended, trips } = this.trades;
    let shown = [];
    for (let i = 0; i < begun.length; i++) {
      if (ended[i] >= from && begun[i] <= to) shown.push(i);
    }
    if (shown.length > MOST_RESTING) {
      const chosen = this.chosen;
      const [entry, exit] =
        chosen === null ? [Infinity, 0] : [trips.entry[chosen], trips.exit[chosen] || Infinity];
      const { begin, end } = resting.columns;
      shown = shown.filter((i) => {
        const row = resting.rows[i];
        return begin[row] < exit && end[row] >= entry;
      });
      shown = shown.slice(0, MOST_RESTING);
    }
    for (const i of shown) {
      const row = resting.rows[i];
      const y = this.series.priceToCoordinate(resting.columns.price[row]);
      if (y === null) continue;
      context.strokeStyle = resting.columns.stop[row] ? this.colours.loss : this.colours.gain;
      context.lineWidth = 1;
      context.setLineDash([1, 3]);
      context.beginPath();
      context.moveTo(Math.max(-1, this.#x(begun[i])), y);
      context.lineTo(Math.min(width + 1, Math.max(this.#x(ended[i]), this.#x(begun[i]) + 2)), y);
      context.stroke();
    }
  }
}
