//! The sending side of one RTP stream: numbers and times its packets.

use super::packet::Header;

#[derive(Debug, Clone)]
pub struct Sender {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    /// The next audio packet begins a stretch of sound and carries the marker (RFC 3551 §4.1).
    spurt: bool,
}

impl Sender {
    /// The three should be random (RFC 3550 §5.1); the caller has the dice.
    pub fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Sender {
        Sender { ssrc, sequence, timestamp, spurt: true }
    }

    /// The time of the next audio packet.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// A packet of audio, one byte a sample: the stream's time moves on by its length. Gives the number of bytes written.
    pub fn audio(&mut self, payload_type: u8, payload: &[u8], buffer: &mut [u8]) -> usize {
        let marker = std::mem::take(&mut self.spurt);
        let length = self.write(payload_type, marker, self.timestamp, payload, buffer);
        self.pass(payload.len() as u32);
        length
    }

    /// A packet of an event that began at `timestamp`. Takes a sequence number and no time.
    pub fn event(
        &mut self,
        payload_type: u8,
        marker: bool,
        timestamp: u32,
        payload: &[u8],
        buffer: &mut [u8],
    ) -> usize {
        self.write(payload_type, marker, timestamp, payload, buffer)
    }

    /// Time passes in which an event takes the audio's place.
    pub fn pass(&mut self, samples: u32) {
        self.timestamp = self.timestamp.wrapping_add(samples);
    }

    /// The next audio packet begins a stretch of sound.
    pub fn begin_spurt(&mut self) {
        self.spurt = true;
    }

    fn write(&mut self, payload_type: u8, marker: bool, timestamp: u32, payload: &[u8], buffer: &mut [u8]) -> usize {
        let header = Header { payload_type, marker, sequence: self.sequence, timestamp, ssrc: self.ssrc };
        self.sequence = self.sequence.wrapping_add(1);
        header.write(payload, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Packet;
    use super::*;

    #[test]
    fn numbers_and_times_go_on_across_pauses_and_wrap() {
        let mut sender = Sender::new(7, 65_534, u32::MAX - 159);
        let mut buffer = [0; 200];
        let mut seen = Vec::new();
        let mut note = |length: usize, buffer: &[u8]| {
            let h = Packet::parse(&buffer[..length]).unwrap().header;
            seen.push((h.sequence, h.timestamp, h.marker));
        };
        note(sender.audio(8, &[0; 160], &mut buffer), &buffer);
        note(sender.audio(8, &[0; 160], &mut buffer), &buffer);
        note(sender.event(101, true, 160, &[1, 10, 0, 160], &mut buffer), &buffer);
        sender.pass(160);
        sender.begin_spurt();
        note(sender.audio(8, &[0; 160], &mut buffer), &buffer);
        note(sender.audio(8, &[0; 160], &mut buffer), &buffer);
        assert_eq!(
            seen,
            [(65_534, u32::MAX - 159, true), (65_535, 0, false), (0, 160, true), (1, 320, true), (2, 480, false)]
        );
    }
}
