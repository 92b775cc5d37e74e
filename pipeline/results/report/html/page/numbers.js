// Formats numbers and texts.

const UNKNOWN = "–";
const LONGEST_LABEL = 28;

// A format with a true minus sign, which Plotly also writes, and without one before a zero.
function numberFormat(options) {
  const made = new Intl.NumberFormat("en-US", options);
  return {
    format: (value) =>
      made
        .format(value)
        .replace(/^-(?=[0.]*$)/, "")
        .replace("-", "−"),
  };
}

const WHOLE = numberFormat({ maximumFractionDigits: 0 });
const CENTS = numberFormat({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
// Digits are grouped from 10,000 on, because a parameter of 2019 may be a year.
const PLAIN = numberFormat({ maximumSignificantDigits: 6, useGrouping: "min2" });
const SHORT = numberFormat({ maximumSignificantDigits: 3, useGrouping: "min2" });

function formatCount(count, noun) {
  return `${WHOLE.format(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function shorten(text, longest = LONGEST_LABEL) {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
