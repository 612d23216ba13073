// The guests' world in JavaScript. It gives the same answers as app.c.

export function add(a, b) {
    return (a + b) >>> 0;
}

export function mean(values) {
    let sum = 0;
    for (const value of values)
        sum += value;
    return values.length > 0 ? sum / values.length : 0;
}

export function greet(name) {
    return `Hello, ${name}!`;
}

// A result's error side is what is thrown. componentize-js 0.22 hands an s64 over as if it had no sign, and
// componentize-qjs as a number, and wants it so.
export function divide(a, b) {
    const result = quotient(BigInt.asIntN(64, BigInt(a)), BigInt.asIntN(64, BigInt(b)));
    return typeof a === 'number' ? Number(result) : result;
}

function quotient(a, b) {
    if (b === 0n)
        throw 'division by zero';
    if (a === -(2n ** 63n) && b === -1n)
        throw 'overflow';
    return a / b;
}

export function sort(words) {
    return [...words].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

export function find(words, word) {
    const index = words.indexOf(word);
    return index < 0 ? undefined : index;
}

const hoarded = [];

export function hoard(mebibytes) {
    for (let i = 0; i < mebibytes; i++)
        hoarded.push(new Uint8Array(1 << 20).fill(i + 1));
    return mebibytes;
}

export function spin() {
    for (;;);
}

function polygonArea(points) {
    let twice = 0;
    points.forEach((a, i) => {
        const b = points[(i + 1) % points.length];
        twice += a.x * b.y - b.x * a.y;
    });
    return Math.abs(twice) / 2;
}

export const shapes = {
    move(p, dx, dy) {
        return { x: p.x + dx, y: p.y + dy, label: p.label };
    },

    area(shape) {
        switch (shape.tag) {
        case 'circle': return 3 * shape.val * shape.val;
        case 'rectangle': return shape.val.width * shape.val.height;
        case 'polygon': return polygonArea(shape.val);
        default: return 0;
        }
    },

    bounds(points) {
        if (points.length === 0)
            return { tag: 'nothing' };
        const xs = points.map(p => p.x), ys = points.map(p => p.y);
        return {
            tag: 'rectangle',
            val: { width: Math.max(...xs) - Math.min(...xs), height: Math.max(...ys) - Math.min(...ys) },
        };
    },
};
