import type { Component } from 'svelte';
import type { ViewName } from './view-names.ts';

/** One view of the studio: a folder of `views/`, loaded when it is first shown. */
export interface View {
  readonly title: string;
  /** What the view is for, in a few words. */
  readonly summary: string;
  readonly load: () => Promise<{ readonly default: Component }>;
}

/**
 * Every view by name. To add one: a folder with a `View.svelte`, its name in `view-names.ts`, an
 * entry here.
 */
export const views: Readonly<Record<ViewName, View>> = {
  shape: {
    title: 'Shape',
    summary: 'a density of the plane and what noise makes of it',
    load: () => import('./views/shape/View.svelte'),
  },
  walk: {
    title: 'Walk',
    summary: 'chains that walk the smoothed density',
    load: () => import('./views/walk/View.svelte'),
  },
  images: {
    title: 'Images',
    summary: 'models of images, walked live',
    load: () => import('./views/images/View.svelte'),
  },
  train: {
    title: 'Train',
    summary: 'learn a density in the page',
    load: () => import('./views/train/View.svelte'),
  },
};
