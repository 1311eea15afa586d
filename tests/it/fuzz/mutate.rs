//! Seeds, changed by seeded dice: by bytes and, for text, by lines and by words that parsers stumble over.

/// splitmix64.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `n`; 0 when `n` is.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }
}

/// An input never grows beyond a datagram.
const LENGTH_MAX: usize = 65_535;
/// Changes of one input.
const CHANGES_MAX: usize = 8;

const WORDS: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\r\n ",
    b"\t",
    b" ",
    b"",
    b"\0",
    b"\xFF\xFE",
    "ю".as_bytes(),
    b"%00",
    b"%",
    b"%zz",
    b"\\",
    b"\"",
    b"<",
    b">",
    b"<>",
    b",",
    b";",
    b"=",
    b":",
    b"@",
    b"/",
    b"?",
    b"[",
    b"]",
    b"[::1]",
    b"[::ffff:1.2.3.4]",
    b"-1",
    b"0",
    b"1",
    b"65535",
    b"65536",
    b"2147483647",
    b"2147483648",
    b"4294967295",
    b"4294967296",
    b"18446744073709551616",
    b"99999999999999999999",
    b"00000000000000000000000000001",
    b"sip:",
    b"sips:",
    b"tel:",
    b"SIP/2.0",
    b"SIP/2.0 200 OK\r\n",
    b"Via: ",
    b"v: ",
    b"From: ",
    b"f:",
    b"To: ",
    b"t:",
    b"Call-ID: ",
    b"i:",
    b"CSeq: 1 INVITE",
    b"Contact: *",
    b"m:",
    b"Content-Length: 99999",
    b"l: -1",
    b"Content-Type: application/sdp",
    b"Route: ",
    b"Record-Route: <sip:a;lr>",
    b"Require: 100rel",
    b"Max-Forwards: 0",
    b";branch=z9hG4bK",
    b";tag=",
    b";rport",
    b";lr",
    b"m=audio 0 RTP/AVP 0",
    b"m=audio 9 RTP/SAVP 8 0 111",
    b"a=rtpmap:111 opus/48000/2",
    b"a=ptime:0",
    b"a=crypto:1 ",
    b"c=IN IP6 ::",
    b"a=sendonly",
    b"inline:",
    b"Digest ",
    b"realm=\"",
    b"nonce=\"\"",
    b"qop=\"auth,auth-int\"",
    b"algorithm=SHA-256",
    b"stale=true",
];

const NUMBERS: &[u8] = &[0, 1, 2, 3, 4, 0x0F, 0x10, 0x1F, 0x20, 0x7F, 0x80, 0x90, 0xA0, 0xC8, 0xC9, 0xF0, 0xFE, 0xFF];

/// One of the seeds, changed a little or much.
pub fn mutated(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(CHANGES_MAX) {
        change(&mut bytes, seeds, dice);
    }
    bytes.truncate(LENGTH_MAX);
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    let inside = at.min(bytes.len().saturating_sub(1));
    match dice.below(12) {
        0 if !bytes.is_empty() => bytes[inside] ^= 1 << dice.below(8),
        1 if !bytes.is_empty() => bytes[inside] = NUMBERS[dice.below(NUMBERS.len())],
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..(at + 1 + dice.below(8)).min(bytes.len()))),
        4 | 5 => drop(bytes.splice(at..at, WORDS[dice.below(WORDS.len())].iter().copied())),
        6 => {
            // A word in a word's place.
            let ends = |b: &u8| b" \t\r\n;,=:<>\"@/?".contains(b);
            let end = bytes[at..].iter().position(ends).map_or(bytes.len(), |n| at + n);
            drop(bytes.splice(at..end, WORDS[dice.below(WORDS.len())].iter().copied()));
        }
        7 => {
            // A piece once more, or very often.
            let piece = bytes[at..(at + 1 + dice.below(40)).min(bytes.len())].to_vec();
            let times = if dice.below(20) == 0 { 500 } else { 1 + dice.below(3) };
            drop(bytes.splice(at..at, piece.repeat(times)));
        }
        8 | 9 => lines(bytes, dice),
        10 => {
            // The tail of another.
            let other = &seeds[dice.below(seeds.len())];
            bytes.truncate(at);
            bytes.extend(&other[dice.below(other.len() + 1)..]);
        }
        _ => bytes.extend((0..dice.below(16)).map(|_| dice.next() as u8).collect::<Vec<_>>()),
    }
}

/// A line gone, doubled, moved, or folded.
fn lines(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    if lines.len() < 2 {
        return;
    }
    let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
    match dice.below(4) {
        0 => drop(lines.remove(one)),
        1 => lines.insert(other, lines[one].clone()),
        2 => lines.swap(one, other),
        _ => {
            let middle = dice.below(lines[one].len());
            lines[one].splice(middle..middle, *b"\r\n ");
        }
    }
    *bytes = lines.concat();
}
