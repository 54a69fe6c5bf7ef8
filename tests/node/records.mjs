// @ts-check
// Outbox records for tests: `a`, `b` … become ids that sort in that order.

import { uuidv7 } from '../../www/identity.js';

let seq = 0;
/** @param {{priority?: number, bytes?: number, at?: number}} [options] */
export const record = ({ priority = 1, bytes = 200, at } = {}) => {
  const id = at === undefined ? uuidv7() : `${at.toString(16).padStart(12, '0').replace(/^.{8}/, '$&-')}-7000-8000-${String(++seq).padStart(12, '0')}`;
  const text = `{"messageId":"${id}","pad":"`.padEnd(bytes - 2, 'x') + '"}';
  return { id, text, bytes: text.length, priority, seq: ++seq };
};

/** @param {{text: string}[]} batch */
export const parsed = (batch) => batch.map(({ text }) => JSON.parse(text));
