/** What arrays of a file mean by their usual names, such as `x_train`, `val_images` or `arr_0`. */
import { UserError } from '../errors.ts';
import { listed, quoted } from '../quoted.ts';
import type { Split } from './examples.ts';
import { missingPart, partNamed, refusePartOfOne } from './parts.ts';

/** What a name says. */
interface Meaning {
  readonly key: string;
  readonly part: Split | undefined;
  /** Of a name that says neither: `other`. */
  readonly role: 'examples' | 'labels' | 'other';
}

/** The arrays that were chosen by name. */
export interface ChosenArrays {
  readonly examples: string;
  /** Arrays that may be their labels, best first. */
  readonly labels: readonly string[];
  readonly part?: Split;
  readonly passedOver: readonly string[];
}

const exampleWords = new Set(
  'x,xs,image,images,img,imgs,data,sample,samples,example,examples,point,points,input,inputs,arr'.split(
    ',',
  ),
);
const labelWords = new Set('y,ys,label,labels,target,targets,class,classes'.split(','));
/** Arrays of statistics, as distances keep them: never examples. */
const statistics = new Set('mu,sigma,mean,means,std,var,cov,covariance,num,count'.split(','));

function meaningOf(key: string): Meaning {
  const words = key
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    // xtrain, ytest; trainx.
    .replace(/^([xy])(?=train|test|val|tr$|te$)/, '$1_')
    .replace(/^(train|test|val)(?=[xy]$)/, '$1_')
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && !/^\d+$/.test(word));
  const part = words.map(partNamed).find((found) => found !== undefined);
  const rest = words.filter((word) => partNamed(word) === undefined);
  if (rest.some((word) => labelWords.has(word))) return { key, part, role: 'labels' };
  const isExamples =
    rest.length === 0 ? part !== undefined : rest.every((word) => exampleWords.has(word));
  return { key, part, role: isExamples ? 'examples' : 'other' };
}

/** What of several arrays is asked for. */
export interface ArrayQuery {
  readonly split?: Split | undefined;
  /** The array by its name, where names leave it open. */
  readonly array?: string | undefined;
}

/**
 * Chooses the array of examples, and those that may hold their labels, by their usual names. An
 * array of another name is taken where it is the only one. `file` is named in errors.
 *
 * @throws UserError, with the list of arrays, for a part that is not there and where more than one
 *   array or none could be meant.
 */
export function chooseArrays(
  keys: readonly string[],
  { split, array }: ArrayQuery,
  file: string,
): ChosenArrays {
  const refuse = (problem: string, fix: string): UserError =>
    new UserError(`${file}: ${problem}; ${fix}. It has ${listed(keys) || 'none'}.`, {
      facts: { path: file, option: 'array', arrays: keys },
    });
  const all = keys.map(meaningOf);
  const found = all.filter(({ role }) => role === 'examples');
  if (array !== undefined) {
    const named = all.find(({ key }) => key === array);
    if (named === undefined) throw refuse(`has no array ${quoted(array)}`, 'name another');
    return chosen(named, all);
  }
  const ofPart = candidates(found, split, file);
  if (ofPart.length === 1) return chosen(ofPart[0]!, all);
  const first = ofPart.find(({ key }) => key === 'arr_0');
  // numpy.savez of two arrays without names: examples, then labels.
  if (first !== undefined && ofPart.length === 2 && ofPart.some(({ key }) => key === 'arr_1')) {
    return { ...chosen(first, all), labels: ['arr_1'], passedOver: without(keys, 'arr_0') };
  }
  if (ofPart.length > 1) {
    const names = listed(ofPart.map(({ key }) => key));
    throw refuse(
      `has several arrays that may be the examples (${names})`,
      "name one with the option 'array'",
    );
  }
  const others = all.filter(({ role }) => role === 'other');
  const only = others[0];
  if (only === undefined)
    throw refuse('holds no array of examples', 'save one named "images" or "x"');
  if (others.length > 1 || statistics.has(only.key.toLowerCase())) {
    const fix = 'name one with the option \'array\', or save it as "images" or "x"';
    throw refuse('has no array that is the examples by its name', fix);
  }
  return chosen(only, all);
}

function without(keys: readonly string[], ...taken: readonly string[]): string[] {
  return keys.filter((key) => !taken.includes(key));
}

function chosen(one: Meaning, all: readonly Meaning[]): ChosenArrays {
  const labels = all
    .filter(({ role, part, key }) => role === 'labels' && part === one.part && key !== one.key)
    .map(({ key }) => key);
  const keys = all.map(({ key }) => key);
  const { key, part } = one;
  return { examples: key, labels, ...(part && { part }), passedOver: without(keys, key) };
}

/** Arrays of examples of the part that is asked for; without parts, all of them. */
function candidates(
  found: readonly Meaning[],
  split: Split | undefined,
  file: string,
): readonly Meaning[] {
  const parts = [...new Set(found.flatMap(({ part }) => part ?? []))];
  const whole = found.filter(({ part }) => part === undefined);
  if (parts.length === 0) {
    refusePartOfOne(split, file);
    return whole;
  }
  const wanted = split ?? 'train';
  const ofPart = found.filter(({ part }) => part === wanted);
  // What has no part beside a test part is what is left of the set: to train on.
  const all = wanted === 'train' ? [...ofPart, ...whole] : ofPart;
  if (all.length > 0) return all;
  throw missingPart(wanted, parts, file);
}
