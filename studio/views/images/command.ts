import { numbersOf } from '../../../src/sample/walk-kind.ts';
import { toldOfBox } from '../../engine/box.ts';
import type { Told } from '../../engine/protocol.ts';
import { optionsOf } from '../../settings/setting.ts';
import { type ImagesState, walkSettings } from './schema.ts';

/** What `mdensity sample` takes where nothing is said, of a walk that is not sequential. */
const usual = { stepSize: 0.5, friction: 0.5, jumpEvery: 20, burnIn: 0 };

/** The command that walks the same chains for so many steps. `told` is the model's; where a part is
 * kept, the command reads it from a file. */
export function commandOf(
  state: ImagesState,
  steps: number,
  { sigma: own = state.sigma, levels, classes, counts }: Told = toldOfBox(state.model) ?? {},
  isKept = false,
): string {
  const { model, jumpEvery, walk, sigma, M, hold, keptNoise } = state;
  const sequential = walk === 'sequential';
  // Other walks are told the noise of one measurement, and M; this one chooses both.
  const scale = sequential ? 1 : Math.sqrt(M);
  const settings = sequential
    ? walkSettings
    : { ...walkSettings, sigma: { ...walkSettings.sigma, option: 'sigma' } };
  const said = { ...state, class: classOption(state.class, classes), sigma: sigma * scale };
  const known = isKept
    ? ['--known known.npy', ...(hold === 'within' ? [`--known-noise ${keptNoise}`] : [])]
    : [];
  const standards = {
    M: sequential ? M : undefined,
    kernel: counts ? 'tau-leap' : 'sachs',
    chains: 100,
    class: 'any',
    // Without a class it leads nowhere.
    guidance: state.class === 'any' ? state.guidance : 1,
    // A model of several levels has a default of its own, which may change with the options.
    walk: levels ? undefined : 'joint',
    sigma: levels ? own * scale : said.sigma,
    ...numbersOf(walk, usual),
    // Counts have no velocity.
    ...(counts && { friction: state.friction }),
  };
  return [
    `mdensity sample --model ${model}`,
    ...optionsOf(settings, said, standards),
    ...known,
    `--steps ${Math.max(steps, jumpEvery)}`,
    `--out ${model.replace(/\.onnx$/i, '')}.npy`,
  ].join(' ');
}

/** Classes as the command reads them: by number, or by name where a name looks like one. */
function classOption(chosen: string, classes: Told['classes']): string {
  if (!classes || chosen === 'any') return 'any';
  const { names = [] } = classes;
  const all = Array.from({ length: classes.classes }, (_, k) => String(k));
  const asked = chosen === 'each' ? all : [chosen];
  return asked.map((k) => (names.includes(k) ? names[Number(k)] : k)).join(',');
}
