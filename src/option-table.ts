/** Options as tables of Zod schemas, by which command lines, files and requests are read. */
import type { z } from 'zod';

/** One option: on the command line, by its key in a YAML file, by its key in a request. */
export interface OptionSpec<S extends z.ZodType = z.ZodType> {
  /** Commander's form, such as `--sigma <noise>`; without a value it is a switch. */
  readonly flags: string;
  readonly description: string;
  readonly schema: S;
}

/** Options by key: the camel-case form of the long flag. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** What the options of a table are read to. */
export type OptionValues<T extends OptionTable> = {
  readonly [key in keyof T]: z.output<T[key]['schema']>;
};

/** Keeps the types of a table's schemas. */
export const defineOptions = <const T extends OptionTable>(table: T): T => table;
