import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvOf } from './files.ts';

test('a reader of CSV gets back what was written', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.integer()), { minLength: 1, maxLength: 6 }),
      (rows) => {
        const read: string[][] = parse(csvOf(['name', 'value'], rows), {
          record_delimiter: '\r\n',
        });
        expect(read).toEqual([['name', 'value'], ...rows.map(([a, b]) => [a, String(b)])]);
      },
    ),
  );
});
