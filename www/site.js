// @ts-check
// Is this page one the plan is for?

/** @param {string} host @param {string} pattern `*.` at its start stands for any sub-domain */
const fits = (host, pattern) => (pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern);

export const LOCAL = /^(localhost|127(\.\d+){3}|\[::1\]|.*\.localhost)$/;

/**
 * The environment of this host: '' is the site itself, whose events count; undefined is a host the plan does not know.
 * Local hosts always run, marked as such.
 * @param {{site: string[], env: Record<string, string[]> | null}} plan
 * @param {string} host
 * @returns {string | undefined}
 */
export const environmentOf = ({ site, env }, host) => {
  if (site.some((pattern) => fits(host, pattern))) return '';
  for (const [name, hosts] of Object.entries(env ?? {})) if (hosts.some((pattern) => fits(host, pattern))) return name;
  return LOCAL.test(host) ? 'local' : undefined;
};
