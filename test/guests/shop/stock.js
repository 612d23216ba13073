// The world `stock` in JavaScript. It gives the same answers as stock.c.

class Shelf {
    constructor(label) {
        this.label = label;
        this.list = [];
    }

    put(items) {
        switch (items.length) {
        case 0: return { tag: 'nothing' };
        case 1:
            this.list.push(items[0]);
            return { tag: 'added', val: items[0] };
        case 2: return { tag: 'renamed', val: [items[0].name, items[1].name] };
        default: return { tag: 'removed', val: items.length };
        }
    }

    take(name, count) {
        const item = this.list.find(item => item.name === name && item.count >= count);
        if (!item)
            throw `no ${name}`;
        item.count -= count;
        return { ...item, count };
    }

    items() {
        return this.list;
    }

    static merge(a, b) {
        a.list.push(...b.list);
        b.list = [];
        return a;
    }
}

export const inventory = {
    Shelf,

    describe(event) {
        switch (event.tag) {
        case 'added': return `added ${event.val.name} x${event.val.count} ${event.val.tags.join(',')}`;
        case 'renamed': return `renamed ${event.val[0]} to ${event.val[1]}`;
        case 'removed': return `removed ${event.val}`;
        default: return 'nothing';
        }
    },
};
