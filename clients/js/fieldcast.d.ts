// What a Fieldcast server says and takes, for TypeScript and for editors.

/** A value as it comes: maps have no prototype, integers beyond 2^53 are bigints. */
export type Value =
  | null | boolean | number | bigint | string | Uint8Array | Time | Custom
  | Value[] | { [key: string]: Value };

/** A value as it may be given. */
export type Input =
  | null | boolean | number | bigint | string | Uint8Array | Time | Custom | Date
  | readonly Input[] | ReadonlyMap<string, Input> | { readonly [key: string]: Input | undefined };

export type Path = string | readonly string[];
/** A path in which null stands for any name. */
export type Pattern = string | readonly (string | null)[];
/** Epoch, version and print: how far a reader has come in one view. */
export type Cursor = [epoch: string, version: number, print: string];

export declare class Time {
  constructor(seconds: number | bigint, nanoseconds?: number);
  static from(date: Date): Time;
  readonly seconds: number | bigint;
  readonly nanoseconds: number;
  toDate(): Date;
  toString(): string;
}

export declare class Custom {
  constructor(type: number, bytes: Uint8Array);
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** What was received is not of the form that the specification asks for. */
export declare class DecodeError extends Error {
  readonly reason: string;
}

/** The server did not do what was asked. */
export declare class Refusal extends Error {
  readonly code: number;
  /** For a conflict: the version at which the field stands now. */
  readonly version?: number;
}

export declare const Code: {
  readonly heartbeatMissed: 205; readonly notNow: 210; readonly workingOnIt: 211;
  readonly authenticationLate: 301; readonly conflict: 505; readonly tooLarge: 508;
  readonly never: 520; readonly replaced: 521;
};
export declare function remedy(code: number): "now" | "later" | "token" | "snapshot" | "never";
export declare function equal(a: Value | undefined, b: Value | undefined): boolean;

export interface Options {
  /** A token, or what gives one whenever one is wanted: at each connection, and before it ends. */
  token: string | (() => string | Promise<string>);
  /** MessagePack if nothing is said. */
  encoding?: "json" | "messagepack";
  /** False to wait, rather than poll, where WebSockets are refused. */
  polling?: boolean;
  /** Names this run of the client; random if nothing is said. */
  instance?: string;
  agent?: string;
  /** Where there is none, as in Node.js before 22: one with the browser's interface. */
  WebSocket?: new (address: string, protocols: string[]) => object;
  /** Stand-ins for all that the browser gives, for tests: src/environment.js. */
  environment?: object;
}

export type State =
  | { name: "connecting"; tries: number }
  | { name: "live"; principal: string; tenant: string }
  | { name: "polling" }
  | { name: "waiting"; until: Date | null; code: number | null; reason: string; tries: number }
  | { name: "closed"; code: number | null; reason: string };

export type Stop = () => void;

/** A client of the server at `address` that connects now, and comes back after every cut. */
export declare function connect(address: string | URL, options: Options): Client;

export declare class Client {
  constructor(address: string | URL, options: Options);
  readonly state: State;
  readonly principal: { name: string; tenant: string } | null;
  readonly terms: Readonly<Record<string, number>>;
  readonly instance: string;

  on(name: "state", listener: (state: State) => void): Stop;
  on(name: "signal", listener: (signal: Signal) => void): Stop;
  on(name: "drain", listener: (drain: { after: number; window: number }) => void): Stop;
  on(name: "problem", listener: (problem: { code: number; reason: string }) => void): Stop;

  open(): this;
  /** Ends it in good order; what is unanswered is rejected. */
  close(): void;
  /** Asks for a newer token now, and shows it to the server without a cut. */
  refresh(): Promise<void>;
  /** Tries again at once, if it waits. */
  retry(): void;
  /** Cuts the line for a while, as a tunnel would. */
  interrupt(milliseconds: number): void;
  /** Milliseconds there and back. */
  ping(): Promise<number>;

  watch(topic: string, options?: WatchOptions): Watch;
  /** Who is present at a topic: `{ count, users: { principal: { connection: state } } }`. */
  roster(topic: string): Watch;
  events(
    topic: string, options: EventsOptions, handle: (event: Event) => void | Promise<void>,
  ): Events;

  /** The version that the topic has with it. */
  publish(topic: string, patch: Patch): Promise<number>;
  command(name: string, data?: Input): Promise<Value | undefined>;
  history(topic: string, options?: { limit?: number; start?: Start }): Promise<{
    events: { sequence: number; data: Value; time?: Time }[];
    next?: number;
  }>;

  signal(topic: string, data: Input): void;
  join(topic: string, state?: Input): void;
  leave(topic: string): void;
  /** What is published when the connection is lost; without a patch it is taken back. */
  will(topic: string, patch?: Omit<Patch, "event" | "expire"> | null): void;
}

export interface Patch {
  set?: { readonly [name: string]: Input | undefined } | ReadonlyMap<string, Input>;
  unset?: readonly Path[];
  increment?: readonly (readonly [Path, number | bigint])[];
  /** The fields must not have changed after these versions. */
  if?: readonly (readonly [Path, number])[];
  /** Milliseconds after which a field is unset, unless it changed since. */
  expire?: readonly (readonly [Path, number])[];
  /** Of an event topic, and alone. */
  event?: Input;
}

export interface WatchOptions {
  fields?: readonly Pattern[];
  /** Frames a second, at most. */
  rate?: number;
  /** The server sends its hash from time to time, and what is held is compared with it. */
  hash?: boolean;
}

export type Status = "waiting" | "current" | "stale" | "refused";

export interface Change {
  kind: "snapshot" | "diff";
  /** Of a diff; a value that is undefined is gone. */
  changes: { path: string[]; value: Value | undefined }[];
  bytes: number;
  from: number;
  to: number;
}

export declare class Watch {
  readonly id: number;
  readonly topic: string;
  /** What is held; it changes in place, and `change` says where. */
  readonly document: { readonly [name: string]: Value };
  readonly version: number;
  readonly epoch: string;
  readonly hash: string;
  readonly cursor: Cursor | null;
  readonly status: Status;
  /** Why it is refused. */
  readonly code?: number;
  /** Frames a second that the server gives. */
  readonly rate?: number;
  on(name: "change", listener: (change: Change) => void): Stop;
  on(name: "status", listener: (status: Status) => void): Stop;
  on(name: "proof", listener: (proof: { version: number; agrees: boolean }) => void): Stop;
  on(name: "lag", listener: (lag: { rung: number; merged: number }) => void): Stop;
  on(name: "signal", listener: (signal: Signal) => void): Stop;
  /** Asks for the server's hash. */
  prove(): void;
  close(): void;
}

export interface Signal {
  topic: string;
  data: Value;
  from?: string;
}

export type Start = "now" | "earliest" | number | Time;

export interface EventsOptions {
  /** Under a name reading outlives the connection, and each event is answered for. */
  name?: string;
  start?: Start;
  /** How many may be under way; 64 if nothing is said. */
  credit?: number;
  /** One that is refused does not hold back the later ones. */
  unordered?: boolean;
}

export interface Event {
  readonly sequence: number;
  readonly data: Value;
  readonly time?: Time;
  /** How often it was delivered before. */
  readonly deliveries: number;
  /** Not now: again after so many milliseconds. */
  later(after?: number): void;
  /** Never: it becomes a dead letter. */
  never(): void;
  /** It takes longer. */
  working(): void;
}

export declare class Events {
  readonly id: number;
  readonly topic: string;
  readonly status: Status;
  /** Every event up to this sequence is done. */
  readonly done: number;
  on(name: "status", listener: (status: Status) => void): Stop;
  on(name: "gone", listener: (count: number) => void): Stop;
  on(name: "failed", listener: (failure: { event: Event; error: unknown }) => void): Stop;
  credit(amount: number): void;
  close(): void;
}
