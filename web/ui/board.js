// The board that everybody may write on: saved on the condition that nobody else has meanwhile.

import { Code } from "../fieldcast/fieldcast.js";
import { byID, freshen, numberOr, redraw, textOr, write } from "./dom.js";

const form = byID("board-form");
const note = byID("note");
const goal = byID("goal");
const save = byID("save");
const discard = byID("discard");
const status = byID("board-status");
const conflict = byID("conflict");

export class Board {
  #client;
  #watch;
  #author;
  /** What the fields were when writing began, and at which version; null while nobody writes. */
  #begun = null;
  #writers = [];
  #isSaving = false;
  #saidUntil = 0;

  constructor(client, watch, metrics, author) {
    this.#client = client;
    this.#watch = watch;
    this.#author = author;
    this.onwriting = () => {};
    watch.on("change", () => redraw(() => this.#draw()));
    metrics.on("change", () => redraw(() => this.#measure(metrics.document)));
    form.addEventListener("input", () => this.#input());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    discard.onclick = byID("take").onclick = () => this.#take();
    byID("keep").onclick = () => {
      // Known now, so the condition is theirs.
      this.#begun = this.#now();
      this.#save();
    };
    note.onkeydown = (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    };
  }

  tellWriters(names) {
    this.#writers = names;
    if (!this.#begun && !this.#isSaving) this.#tell();
  }

  #now() {
    const { document, version } = this.#watch;
    return { note: textOr(document.note), goal: numberOr(document.goal, 0), version };
  }

  #draw() {
    note.disabled = goal.disabled = false;
    const now = this.#now();
    if (!this.#begun) {
      if (note.value !== now.note) {
        note.value = now.note;
        freshen(note);
      }
      if (goal.value !== String(now.goal)) {
        goal.value = now.goal;
        freshen(goal);
      }
      if (!this.#isSaving) this.#tell();
    } else if (this.#differs(now)) {
      this.#clash();
    }
  }

  /** Whether somebody else has changed a field that is being written here. */
  #differs(now) {
    return now.note !== this.#begun.note && note.value !== this.#begun.note
      && note.value !== now.note
      || now.goal !== this.#begun.goal && Number(goal.value) !== this.#begun.goal
      && Number(goal.value) !== now.goal;
  }

  #measure({ solvedToday }) {
    const target = numberOr(this.#watch.document.goal, 0);
    byID("progress").value = target ? Math.min(1, numberOr(solvedToday, 0) / target) : 0;
  }

  /** Says `text`, for a while if nothing more important comes; without one, how things stand. */
  #tell(text) {
    const isSettled = performance.now() > this.#saidUntil || this.#writers.length;
    if (text === undefined && !isSettled) return;
    this.#saidUntil = text === undefined ? 0 : performance.now() + 6000;
    const author = textOr(this.#watch.document.author).slice(0, 40);
    const writing = this.#writers.length ? `${this.#writers.join(" and ")} is writing …` : "";
    write(status, text ?? (writing || (author ? `Last written by ${author}` : "")));
  }

  #input() {
    this.#begun ??= this.#now();
    save.disabled = false;
    discard.hidden = false;
    this.#tell("Not saved yet");
    this.onwriting();
  }

  /** What was changed here is set, on the condition that it stands as it was when that began. */
  async #save() {
    const begun = this.#begun;
    if (!begun || this.#isSaving) return;
    const set = { author: this.#author };
    if (note.value !== begun.note) set.note = note.value;
    if (Number(goal.value) !== begun.goal) set.goal = Math.round(Number(goal.value)) || 0;
    const changed = Object.keys(set).filter((name) => name !== "author");
    if (!changed.length) return this.#take();
    this.#isSaving = true;
    save.disabled = true;
    this.#tell("Saving …");
    const since = performance.now();
    try {
      const conditions = changed.map((name) => [[name], begun.version]);
      const version = await this.#client.publish("desk/board", { set, if: conditions });
      this.#isSaving = false;
      // What was typed while it was saved is another change.
      const typed = note.value !== (set.note ?? begun.note);
      this.#begun = typed ? { ...begun, ...set, version } : null;
      save.disabled = !typed;
      discard.hidden = !typed;
      conflict.hidden = true;
      this.#tell(`Saved as version ${version} in ${(performance.now() - since).toFixed(1)} ms`);
    } catch (error) {
      this.#isSaving = false;
      save.disabled = false;
      if (error.code === Code.conflict) this.#clash();
      else this.#tell(`Not saved: ${error.message}`);
    }
    return undefined;
  }

  #clash() {
    const now = this.#now();
    const author = textOr(this.#watch.document.author, "Somebody").slice(0, 40);
    const title = byID("conflict-title");
    write(title, `${author} saved while you were writing`);
    write(byID("theirs"), now.note !== this.#begun.note ? now.note : `Goal for today: ${now.goal}`);
    if (conflict.hidden) {
      conflict.hidden = false;
      this.#tell("Two versions: choose one");
      // Where the keyboard is stays where it is while somebody types; after a save it goes there.
      if (document.activeElement === save) title.focus();
    }
  }

  /** Back to what stands on the board. */
  #take() {
    this.#begun = null;
    this.#saidUntil = 0;
    conflict.hidden = true;
    save.disabled = true;
    discard.hidden = true;
    this.#draw();
    note.focus();
  }
}
