// Draws entries and exits, the way between them, and stops and targets into the price chart.

// So many trades in view have lines between entry and exit; more have marks alone.
const MOST_WAYS = 300;
const MOST_RESTING = 150;
// Marks that are closer than this, in pixels, are drawn once.
const CLOSE = 3;

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
    return this.scale.logicalToCoordinate(place - this.low);
  }

  #draw(target) {
    if (this.trades === null) return;
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      const range = this.scale.getVisibleLogicalRange();
      if (range === null) return;
      const [from, to] = [range.from + this.low - 1, range.to + this.low + 1];
      this.shown = [];
      const { entered, left, rows } = this.trades;
      const visible = rows.filter((_, i) => left[i] >= from && entered[i] <= to);
      context.save();
      this.#resting(context, from, to, mediaSize.width);
      if (visible.length <= MOST_WAYS) visible.forEach((row) => this.#way(context, row));
      this.#marks(context, visible, from, to);
      if (this.chosen !== null && visible.includes(this.chosen)) this.#ring(context);
      context.restore();
    });
  }

  #points(row) {
    const { trips, entered, left, place } = this.trades;
    const i = place.get(row);
    return [
      this.#x(entered[i]),
      this.series.priceToCoordinate(trips.entry_price[row]),
      this.#x(left[i]),
      trips.exit[row] ? this.series.priceToCoordinate(trips.exit_price[row]) : null,
    ];
  }

  #way(context, row) {
    const [x0, y0, x1, y1] = this.#points(row);
    if (y0 === null || y1 === null) return;
    const chosen = row === this.chosen;
    context.strokeStyle = this.trades.trips.profit[row] < 0 ? this.colours.loss : this.colours.gain;
    context.lineWidth = chosen ? 2.5 : 1.25;
    context.setLineDash(chosen ? [] : [3, 2]);
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  }

  #marks(context, visible, from, to) {
    const { trips, entered, left, place } = this.trades;
    const last = { entry: -Infinity, exit: -Infinity };
    const many = visible.length > MOST_WAYS;
    context.setLineDash([]);
    for (const row of visible) {
      const i = place.get(row);
      const [x0, y0, x1, y1] = this.#points(row);
      if (y1 !== null && left[i] <= to && (!many || x1 - last.exit >= CLOSE)) {
        const colour = trips.profit[row] < 0 ? this.colours.loss : this.colours.gain;
        this.#exit(context, x1, y1, colour);
        this.shown.push([row, x1, y1]);
        last.exit = x1;
      }
      if (y0 !== null && entered[i] >= from && (!many || x0 - last.entry >= CLOSE)) {
        this.#entry(context, x0, y0, trips.long[row] === 1);
        this.shown.push([row, x0, y0]);
        last.entry = x0;
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
    context.lineTo(x - 5, y + 9 * down);
    context.lineTo(x + 5, y + 9 * down);
    context.closePath();
    context.fill();
    context.stroke();
  }

  #exit(context, x, y, colour) {
    context.fillStyle = this.colours.surface;
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, 3.2, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }

  #ring(context) {
    const [x0, y0, x1, y1] = this.#points(this.chosen);
    context.strokeStyle = this.colours.ink;
    context.lineWidth = 1.5;
    context.setLineDash([]);
    for (const [x, y] of [
      [x0, y0],
      [x1, y1],
    ]) {
      if (y === null) continue;
      context.beginPath();
      context.arc(x, y, 10, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  // Stops and limits while they waited: all if there are few, else those of the chosen trade.
  #resting(context, from, to, width) {
    const { resting, begun, ended, trips } = this.trades;
    let shown = resting.rows.map((_, i) => i).filter((i) => ended[i] >= from && begun[i] <= to);
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
