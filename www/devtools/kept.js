// @ts-check
// What of a preview lies in the tab's session storage, as far as consent allows: the link's token, and what the toolbar
// was left like.

export const TOKEN = 'parlour_preview';
export const TOOLBAR = 'parlour_devtools';

/** Nothing of it is trusted: it is looked up in the plan. @returns {{forced?: Record<string, string>, collapsed?: boolean} | null | undefined} */
export const readKept = () => {
  try {
    return JSON.parse(sessionStorage.getItem(TOOLBAR) ?? 'null');
  } catch {
    // No storage, or nothing of ours in it.
    return undefined;
  }
};
