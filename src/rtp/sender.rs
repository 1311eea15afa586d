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

    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// A packet of audio whose payload stands in `buffer` already, after room for the header: the stream's time moves on by so many
    /// ticks.
    pub fn audio(&mut self, payload_type: u8, ticks: u32, buffer: &mut [u8]) {
        let marker = std::mem::take(&mut self.spurt);
        self.write(payload_type, marker, self.timestamp, &[], buffer);
        self.pass(ticks);
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

    /// Ticks pass in which an event takes the audio's place.
    pub fn pass(&mut self, ticks: u32) {
        self.timestamp = self.timestamp.wrapping_add(ticks);
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
        let mut note = |buffer: &[u8]| {
            let h = Packet::parse(&buffer[..172]).unwrap().header;
            seen.push((h.sequence, h.timestamp, h.marker));
        };
        sender.audio(8, 160, &mut buffer);
        note(&buffer);
        sender.audio(8, 160, &mut buffer);
        note(&buffer);
        assert_eq!(sender.event(101, true, 160, &[1, 10, 0, 160], &mut buffer), 16);
        note(&buffer);
        sender.pass(160);
        sender.begin_spurt();
        sender.audio(8, 160, &mut buffer);
        note(&buffer);
        sender.audio(8, 160, &mut buffer);
        note(&buffer);
        assert_eq!(
            seen,
            [(65_534, u32::MAX - 159, true), (65_535, 0, false), (0, 160, true), (1, 320, true), (2, 480, false)]
        );
    }
}
