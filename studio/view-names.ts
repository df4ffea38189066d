/**
 * The views, in the order of the header: each a folder of `views/` and the first part of a link,
 * `#/walk?…`.
 */
export const viewNames = ['shape', 'walk', 'images', 'train'] as const;

export type ViewName = (typeof viewNames)[number];
