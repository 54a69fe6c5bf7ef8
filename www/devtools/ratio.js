// @ts-check
// Sample ratio: do as many visitors see each variant as the plan shares out? Pearson's chi-square test.

/** The complementary error function by a Chebyshev fit, relative error below 1.2e-7. @param {number} x at least 0 */
const erfc = (x) => {
  const t = 1 / (1 + x / 2);
  const c = [-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277];
  return t * Math.exp(-x * x + c.reduceRight((sum, one) => sum * t + one, 0));
};

/** How likely a chi-square this large is by chance. @param {number} chi @param {number} freedom */
export const chance = (chi, freedom) => {
  const half = chi / 2;
  let term = freedom % 2 ? Math.sqrt(half) / (Math.sqrt(Math.PI) / 2) : 1;
  let sum = 0;
  for (let i = freedom % 2 ? 1.5 : 1; i <= freedom / 2; i++) {
    sum += term;
    term *= half / i;
  }
  return Math.min(1, (freedom % 2 ? erfc(Math.sqrt(half)) : 0) + Math.exp(-half) * sum);
};

/** @param {number[]} counts @param {number[]} shares of all, adding up to 1; variants without share take no part */
export const ratio = (counts, shares) => {
  const total = counts.reduce((sum, count, i) => sum + (shares[i] > 0 ? count : 0), 0);
  const drawn = shares.filter((share) => share > 0).length;
  const chi = counts.reduce((sum, count, i) => sum + (shares[i] > 0 ? (count - total * shares[i]) ** 2 / (total * shares[i]) : 0), 0);
  return { total, chance: total && drawn > 1 ? chance(chi, drawn - 1) : undefined };
};
