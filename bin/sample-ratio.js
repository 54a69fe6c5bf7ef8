// @ts-check
/** Do the variants have the shares their weights promise? Pearson's chi-square test. */

/**
 * @param {number[]} observed
 * @param {number[]} expected
 * @returns {{chiSquare: number, freedom: number, p: number} | undefined} `p`: the share of honest samples at least this
 *   far off. Undefined when there are no two arms to compare; an arm that expects nobody and has nobody is no arm.
 */
export function sampleRatio(observed, expected) {
  const terms = observed.flatMap((count, arm) => (count > 0 || expected[arm] > 0 ? [(count - expected[arm]) ** 2 / expected[arm]] : []));
  const freedom = terms.length - 1;
  if (freedom < 1) return undefined;
  const chiSquare = terms.reduce((sum, term) => sum + term, 0);
  return { chiSquare, freedom, p: upperTail(chiSquare, freedom) };
}

/**
 * P(X ≥ x) for chi-square: the upper incomplete gamma function Q(freedom/2, x/2), by its series where that converges
 * fast and by its continued fraction (modified Lentz) elsewhere. Abramowitz & Stegun 6.5.29 and 6.5.31.
 * @param {number} chiSquare
 * @param {number} freedom
 */
function upperTail(chiSquare, freedom) {
  if (!Number.isFinite(chiSquare)) return 0;
  const [a, x] = [freedom / 2, chiSquare / 2];
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - lnGammaOfHalf(freedom));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let step = 1; step < 1000 && term >= sum * Number.EPSILON; step++) {
      term *= x / (a + step);
      sum += term;
    }
    return clamp(1 - scale * sum);
  }
  let b = x + 1 - a;
  let [c, d] = [Number.MAX_VALUE, 1 / b];
  let fraction = d;
  for (let step = 1; step < 1000; step++) {
    const numerator = -step * (step - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < Number.EPSILON) break;
  }
  return clamp(scale * fraction);
}

/** ln Γ(n/2), by Γ(a + 1) = a Γ(a) from Γ(½) = √π or Γ(1) = 1. @param {number} n */
function lnGammaOfHalf(n) {
  let [ln, first] = n % 2 === 1 ? [Math.log(Math.PI) / 2, 1] : [0, 2];
  for (let twice = first; twice < n; twice += 2) ln += Math.log(twice / 2);
  return ln;
}

/** @param {number} p */
const clamp = (p) => Math.min(1, Math.max(0, p));
