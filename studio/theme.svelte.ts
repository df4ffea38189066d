/** Light and dark: what the system says, unless the reader chose. */

export type Theme = 'light' | 'dark';

const KEY = 'mdensity-theme';

let chosen = $state<Theme | undefined>();
let system = $state<Theme>('light');

export const theme = {
  /** What is shown now. Read it in what draws on a canvas, so that it draws again. */
  get now(): Theme {
    return chosen ?? system;
  },
  toggle(): void {
    chosen = theme.now === 'dark' ? 'light' : 'dark';
    show();
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // Where nothing may be stored, the choice lasts as long as the page.
    }
  },
};

/** Takes up the reader's choice of last time and follows the system's. */
export function startTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const follow = () => {
    system = dark.matches ? 'dark' : 'light';
  };
  follow();
  dark.addEventListener('change', follow);
  try {
    const stored = localStorage.getItem(KEY);
    if (stored === 'light' || stored === 'dark') chosen = stored;
  } catch {
    // As above.
  }
  show();
}

function show(): void {
  if (chosen) document.documentElement.dataset.theme = chosen;
}

/** The value of a custom property of the page, such as `--accent`, for a canvas. */
export function cssColour(name: `--${string}`): string {
  // Resolves light-dark(), which the property's own text still holds.
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
