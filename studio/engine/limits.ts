/**
 * Bytes of the largest model: a page's engine has 4 GB for a model's weights, its copy and its
 * images.
 */
export const LARGEST_MODEL = 1e9;
