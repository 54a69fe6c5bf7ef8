'use client';
// @ts-check
// Experiments and flags as React hooks. A server renders what it decided itself, the first render in the page is equal
// to that, and only then the engine in the page is asked. An experiment is exposed once it is mounted, never on a server.

import { createContext, createElement, useCallback, useContext, useEffect, useMemo, useSyncExternalStore } from 'react';
import { experimentOf, flagOf, meet, subscribe, versionOf } from './answers.js';

/** @typedef {import('./answers.js').Given} Given */

const Context = createContext(/** @type {Given} */ ({}));

/** @param {Given & {children?: import('react').ReactNode}} props */
export const ParlourProvider = ({ parlour, decisions, flags, children }) =>
  createElement(Context.Provider, { value: useMemo(() => ({ parlour, decisions, flags }), [parlour, decisions, flags]) }, children);

/** @param {string} key @param {boolean} [isFlag] @returns {[Given, number]} */
const useVersion = (key, isFlag) => {
  const given = useContext(Context);
  const { parlour } = given;
  const version = useSyncExternalStore(useCallback((listener) => subscribe(parlour, listener), [parlour]), () => versionOf(parlour), () => 0);
  useEffect(() => meet(given, version, key, isFlag), [given, version, key, isFlag]);
  return [given, version];
};

/** The variant of an experiment, `null` for out. What is shown while `reason` is `loading` should be no variant's. @param {string} key */
export const useExperiment = (key) => experimentOf(...useVersion(key), key);

/** @template T @param {string} key @param {T} fallback @returns {T} */
export const useFlag = (key, fallback) => flagOf(...useVersion(key, true), key, fallback);
