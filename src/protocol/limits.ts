/**
 * How much of a peer's bytes is believed. Every limit stands against a way to make a reader work or hold more
 * than the bytes are worth.
 *
 * @module
 */

/** Levels of a JSON body, its own object counted: what the protocol accepts (section 1.3). */
export const maxJsonDepth = 127;

/** Levels of a MessagePack body, its own map counted: what the protocol accepts (section 1.3). */
export const maxPackDepth = 1023;

/**
 * Bytes in one text, binary or container of MessagePack. A claim of more than the input holds is refused before
 * it is believed; this is the decoder's own belt, far below its 4 GiB default.
 */
export const maxPackLength: number = 2 ** 29;

/** Bytes of one frame on a take stream. A payload went through a body limit once, so a longer frame is no job. */
export const maxFrameBytes: number = 2 ** 28;

/** The most that fit on a page of a listing. */
export const maxPageLimit = 2000;
