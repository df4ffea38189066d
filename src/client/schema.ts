// Made from the server's OpenAPI document by `npm run client:types`.
export interface paths {
    "/v1/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Walk a model and jump to samples
         * @description The options of `mdensity sample`. With `Prefer: wait=SECONDS` the samples are the answer, if they are there by then; who goes away before ends the walk.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description wait=SECONDS */
                    prefer?: string;
                    /** @description a request that comes again with this key gets the job of the first */
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SampleRequest"];
                };
            };
            responses: {
                /** @description the samples, by Accept */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Samples"];
                        "application/x-npy": string;
                        "image/png": string;
                    };
                };
                /** @description a job; Location says where */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Job"];
                    };
                };
                /** @description no JSON */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description no key */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description no such format */
                406: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description too long a body */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description another type of body */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description a value, or the whole job, is refused */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description too much waits; Retry-After says for how long */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description the server is about to end */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/samples/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a job is */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description the job */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Job"];
                    };
                };
                /** @description no key */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description no such job, or no longer */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** End a job between two steps, or forget its samples */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description done */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description no key */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description no such job, or no longer */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/samples/{id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The samples of a job: JSON, NPY, or PNG of the last jumps */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description the samples, by Accept */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Samples"];
                        "application/x-npy": string;
                        "image/png": string;
                    };
                };
                /** @description no key */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description no such job, or no longer */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description no such format */
                406: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description not finished, or cancelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description the walk failed */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/samples/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Jumps and progress as they come
         * @description Server-sent events: `jump` with {jump, step, shape, xhat}, xhat being float32, little-endian, in base64; `progress`; and last `done`, `failed` or `cancelled` with the job. `Last-Event-ID` goes on after a jump.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description events */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                /** @description nothing more will come */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description no key */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description no such job, or no longer */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The models that there are */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description models */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Models"];
                    };
                };
                /** @description no key */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Samples: {
            model: string;
            seed: number;
            /** @description [chains, jumps, ...example] */
            shape: number[];
            /** @description the step of each jump */
            steps: number[];
            /** @description x̂, row by row */
            data: number[];
        };
        Job: {
            id: string;
            /** @enum {string} */
            status: "queued" | "running" | "done" | "failed" | "cancelled";
            model: string;
            /** @description asked with it again, the samples are the same */
            seed: number;
            /** @description with defaults filled in */
            request: {
                [key: string]: unknown;
            };
            /** @description [chains, jumps, ...example] */
            shape: number[];
            progress: {
                done: number;
                of: number;
                unit: string;
            };
            /** @description jumps that all chains have made */
            jumps: number;
            /** Format: date-time */
            created: string;
            /** Format: date-time */
            finished?: string;
            problem?: components["schemas"]["Problem"];
            links: {
                self: string;
                events: string;
                result: string;
            };
        };
        Problem: {
            /** @description urn:mdensity:problem: and the code */
            type: string;
            title: string;
            status: number;
            /** @description what, where, and how to fix it */
            detail: string;
            /** @description for a program to act on */
            code: string;
            facts?: {
                [key: string]: unknown;
            };
            /** @description of a body: each member that is wrong, as a JSON pointer */
            errors?: {
                pointer: string;
                detail: string;
            }[];
        };
        SampleRequest: {
            /** @description a model of GET /v1/models */
            model: string;
            /** @description noise of one measurement, for a model that does not say its own or knows several */
            sigma?: number;
            /** @description walk the member (M, σ̃√M) of the model’s class, or (M, rate/M); default: as it was trained, or 1 */
            measurements?: number;
            /** @description of a conditional model: a class by name or number; several go to the chains in turn; none is no class */
            class?: (string | number)[] | number | string;
            /**
             * @description sachs, cheng, shen-lee, ula, baoab, ubu, baoab-limit, mala, malt, birth-death, tau-leap (default sachs; of counts: tau-leap)
             * @enum {string}
             */
            kernel?: "sachs" | "cheng" | "shen-lee" | "ula" | "baoab" | "ubu" | "baoab-limit" | "mala" | "malt" | "birth-death" | "tau-leap";
            /**
             * @description chains, walked side by side
             * @default 100
             */
            chains?: number;
            /** @description steps of each chain after the burn-in (default 600; sequential: those of one jump) */
            steps?: number;
            /**
             * @description steps before the first jump
             * @default 0
             */
            burnIn?: number;
            /** @description steps between jumps (default 20; sequential: steps of y_1 for each, 40) */
            jumpEvery?: number;
            /** @description in units of σ; of counts: in lifetimes of a count (default 0.5; sequential 0.7) */
            stepSize?: number;
            /** @description effective friction of one step; of counts: none (default 0.5; sequential 0.25) */
            friction?: number;
            /** @description decides every random number; without one the server draws it, and says it */
            seed?: number;
            /**
             * @description joint: all M measurements; mean: ȳ alone; sequential: one block of measurements after another, by a model of many noise levels (default of sample for such a model; else joint)
             * @enum {string}
             */
            walk?: "joint" | "mean" | "sequential";
            /** @description class to sample, for a model of many noise levels; σ and M are then chosen */
            effectiveSigma?: number;
            /** @description sequential: steps of each block after the first (default 4) */
            factorSteps?: number;
            /**
             * @description sequential: one (a measurement at a time) or doubling (each block as large as all before; the default)
             * @enum {string}
             */
            blocks?: "one" | "doubling";
            /**
             * @description sequential: the walk of y_1 runs on from draw to draw, in place of fresh starts
             * @default false
             */
            runningStart?: boolean;
            /** @description inverse temperature: walk the density to this power */
            beta?: number;
            /** @description longest score, in units of 1/x */
            clip?: number;
            /** @description sequences: letters that stay, ? where a position is free, such as AC??K */
            template?: string;
        };
        Models: {
            models: {
                name: string;
                /** @description of one example */
                shape: number[];
                noise: {
                    [key: string]: unknown;
                };
                description: string;
                classes?: string[] | number;
                isSequences?: boolean;
            }[];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
