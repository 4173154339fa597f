const GAP_PX = 6;

/** Puts a panel under its button, or over it where there is more room; never out of the window. */
export function placeBeside(panel: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect();
  const { width, height } = panel.getBoundingClientRect();
  const below = innerHeight - at.bottom - GAP_PX;
  const above = at.top - GAP_PX;
  const top = height <= below || below >= above ? at.bottom + GAP_PX : at.top - GAP_PX - height;
  // Towards the middle of the window, from the side where the button is.
  const left = at.left + at.width / 2 > innerWidth / 2 ? at.right - width : at.left;
  panel.style.top = `${clamp(top, innerHeight - height)}px`;
  panel.style.left = `${clamp(left, innerWidth - width)}px`;
}

function clamp(position: number, room: number): number {
  return Math.max(GAP_PX, Math.min(position, room - GAP_PX));
}
