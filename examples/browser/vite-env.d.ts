/** Gives the types of `?url` imports. */
/// <reference types="vite/client" />
