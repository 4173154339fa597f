/** What is offered; others' clients may send any emoji, and it is shown all the same. */
export const EMOJI = [
  { emoji: "👍", name: "Thumbs up" },
  { emoji: "❤️", name: "Heart" },
  { emoji: "😂", name: "Laughing" },
  { emoji: "🎉", name: "Party" },
  { emoji: "😮", name: "Surprised" },
  { emoji: "😢", name: "Sad" },
] as const;
