// Draws DiceBear avatars. Reads [{style, count, skins: {option: [hex, ...]}, options}] as JSON on
// standard input and writes one JSON line for each avatar: {style, seed, svg, drawn}, where `drawn`
// is what DiceBear says it drew. Seeds are 0, 1, 2, ...; skin colours take turns, so that there are
// equally many of each. Knows nothing of what an attribute is called in English.
import { createAvatar } from '@dicebear/core';

const requests = JSON.parse(await new Response(process.stdin).text());
for (const { style, count, skins, options } of requests) {
  const art = await import(`@dicebear/${style}`);
  for (let seed = 0; seed < count; seed++) {
    const turn = Object.entries(skins).map(([name, colours]) => [name, [colours[seed % colours.length]]]);
    const avatar = createAvatar(art, { ...options, ...Object.fromEntries(turn), seed: String(seed) });
    const line = { style, seed, svg: avatar.toString(), drawn: avatar.toJson().extra };
    process.stdout.write(JSON.stringify(line) + '\n');
  }
}
