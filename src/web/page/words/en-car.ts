/** Every text of the driver's page, in English. */
export const carWords = {
  loading: "Asking the charge point…",
  noKey: "This link is not whole.",
  scanAgain:
    "Scan the code at the charge point again. If that does not help, its label is an old one: ask for a new one.",
  wrongKey: "This link is not valid any more.",
  lost: "No connection. What is shown is old; trying again.",
  noCar: "Plug your car in and let it begin to charge, then say here when you leave.",
  ask: "When do you leave?",
  askUsual: (time: string) => `You usually leave ${time}. Another time today?`,
  askAgain: "Other plans? Tap another time.",
  guess: (time: string) =>
    `Nobody has said. The site guesses ${time}; when it knows, charging is cheaper and the car is ready.`,
  otherTime: "Another time",
  set: "Set",
  howMuch: "How much?",
  enough: "As much as it takes",
  asUsual: (kwh: string) => `As usual: ${kwh} kWh since it came`,
  howMuchNote: "From now on. 20 kWh is about 110 km.",
  how: "How?",
  preferences: { regular: "Cheapest in time", green: "Rather from the sun", fast: "As soon as it can" },
  leaves: (time: string) => `Leaves ${time}`,
  usual: (time: string) => `Usually leaves ${time}`,
  ready: (time: string) => `ready by ${time}`,
  done: "what is planned is charged",
  cheaper: (eur: string) => `${eur} cheaper than at once`,
  planning: "Noted. Planning…",
  until: (time: string) => `charges until ${time}`,
  missing: (kwh: string, isUnsure: boolean) =>
    isUnsure
      ? `${kwh} kWh may be missing by then: your car has not shown yet how fast it charges.`
      : `${kwh} kWh will be missing by then.`,
  charged: (kwh: string) => `${kwh} kWh charged`,
  chargedOf: (kwh: string, asked: string) => `${kwh} of ${asked} kWh charged`,
  override: "Charges with full power until it is unplugged, as somebody at the site wants it.",
  refused: (text: string) => `Not taken: ${text}`,
  noAnswer: "the charge point does not answer; try again",
};
