// The world `desk` in JavaScript. It gives the same answers as desk.c.
import { Shelf, describe } from 'sandglass:shop/inventory@1.1.0';
import note from 'note';

function tell(event) {
    const text = describe(event);
    note(text);
    return text;
}

function take(shelf, name) {
    try {
        const item = shelf.take(name, 1);
        return `${item.name} with ${item.tags.length}`;
    } catch (error) {
        return `error ${error.payload}`;
    }
}

export function order(lines) {
    const a = new Shelf('a'), b = new Shelf('b');
    const parts = [tell(a.put([])),
        tell(a.put([{ name: 'old', count: 1, tags: [] }, { name: 'new', count: 1, tags: [] }]))];
    lines.forEach((name, i) => {
        parts.push(tell((i % 2 ? b : a).put([{ name, count: i + 1, tags: [name, 'fresh'] }])));
    });
    const all = Shelf.merge(a, b);
    if (lines.length > 0)
        parts.push(take(all, lines[0]));
    parts.push(take(all, 'moon'));
    parts.push(all.items().map(item => `${item.name}:${item.count} `).join(''));
    return parts.join('; ');
}
