//! The RTP packet (RFC 3550 §5.1). Parsing borrows, building writes into the caller's buffer: neither allocates.

/// Bytes of a header without CSRCs and extension, which is all we send.
pub const HEADER: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub payload_type: u8,
    /// The first packet of a stretch of sound, or of a key press.
    pub marker: bool,
    pub sequence: u16,
    /// In samples (8 kHz).
    pub timestamp: u32,
    pub ssrc: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    pub header: Header,
    pub payload: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtpError {
    #[error("shorter than its header says")]
    Short,
    #[error("not RTP version 2")]
    Version,
    #[error("padding longer than the payload")]
    Padding,
    /// RFC 5761 §4: an RTCP packet that came to the RTP port.
    #[error("RTCP")]
    Rtcp,
}

impl<'a> Packet<'a> {
    /// Never panics, whatever the bytes.
    pub fn parse(bytes: &'a [u8]) -> Result<Packet<'a>, RtpError> {
        let (fixed, mut rest) = bytes.split_at_checked(HEADER).ok_or(RtpError::Short)?;
        if fixed[0] >> 6 != 2 {
            return Err(RtpError::Version);
        }
        if (192..=223).contains(&fixed[1]) {
            return Err(RtpError::Rtcp);
        }
        let csrcs = usize::from(fixed[0] & 0x0F) * 4;
        rest = rest.get(csrcs..).ok_or(RtpError::Short)?;
        if fixed[0] & 0x10 != 0 {
            let head = rest.get(..4).ok_or(RtpError::Short)?;
            let words = usize::from(u16::from_be_bytes([head[2], head[3]]));
            rest = rest.get(4 + words * 4..).ok_or(RtpError::Short)?;
        }
        if fixed[0] & 0x20 != 0 {
            let padding = usize::from(*rest.last().ok_or(RtpError::Padding)?);
            if padding == 0 || padding > rest.len() {
                return Err(RtpError::Padding);
            }
            rest = &rest[..rest.len() - padding];
        }
        let header = Header {
            payload_type: fixed[1] & 0x7F,
            marker: fixed[1] & 0x80 != 0,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
        };
        Ok(Packet { header, payload: rest })
    }
}

impl Header {
    /// Writes header and payload into `buffer`, which must hold both, and gives the number of bytes written.
    pub fn write(&self, payload: &[u8], buffer: &mut [u8]) -> usize {
        buffer[0] = 0x80;
        buffer[1] = self.payload_type & 0x7F | u8::from(self.marker) << 7;
        buffer[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        buffer[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        buffer[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        buffer[HEADER..HEADER + payload.len()].copy_from_slice(payload);
        HEADER + payload.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: [u8; 12] = [0x80, 0x88, 0x12, 0x34, 0, 0, 0, 160, 1, 2, 3, 4];

    fn with(first: u8, rest: &[u8]) -> Vec<u8> {
        let mut bytes = HEAD.to_vec();
        bytes[0] = first;
        bytes.extend(rest);
        bytes
    }

    #[test]
    fn payloads() {
        type Case<'a> = (&'a str, Vec<u8>, Result<&'a [u8], RtpError>);
        #[rustfmt::skip]
        let cases: &[Case] = &[
            ("plain",              with(0x80, &[7, 8]),                         Ok(&[7, 8])),
            ("empty",              with(0x80, &[]),                             Ok(&[])),
            ("one CSRC",           with(0x81, &[9, 9, 9, 9, 7]),                Ok(&[7])),
            ("CSRC missing",       with(0x82, &[9, 9, 9, 9, 7]),                Err(RtpError::Short)),
            ("extension",          with(0x90, &[0xBE, 0xDE, 0, 1, 1, 2, 3, 4, 7]), Ok(&[7])),
            ("extension cut",      with(0x90, &[0xBE, 0xDE, 0, 9, 1]),          Err(RtpError::Short)),
            ("extension headless", with(0x90, &[0xBE]),                         Err(RtpError::Short)),
            ("padding",            with(0xA0, &[7, 0, 2]),                      Ok(&[7])),
            ("all padding",        with(0xA0, &[0, 2]),                         Ok(&[])),
            ("padding too long",   with(0xA0, &[7, 3, 4]),                      Err(RtpError::Padding)),
            ("padding zero",       with(0xA0, &[7, 0]),                         Err(RtpError::Padding)),
            ("padding of nothing", with(0xA0, &[]),                             Err(RtpError::Padding)),
            ("version 1",          with(0x40, &[7]),                            Err(RtpError::Version)),
            ("short",              HEAD[..11].to_vec(),                         Err(RtpError::Short)),
            ("nothing",            vec![],                                      Err(RtpError::Short)),
        ];
        for (name, bytes, expected) in cases {
            assert_eq!(Packet::parse(bytes).map(|p| p.payload), *expected, "{name}");
        }
        let mut rtcp = HEAD;
        rtcp[1] = 200;
        assert_eq!(Packet::parse(&rtcp), Err(RtpError::Rtcp));
    }

    #[test]
    fn what_is_written_is_parsed() {
        let header =
            Header { payload_type: 101, marker: true, sequence: 65_535, timestamp: u32::MAX, ssrc: 0xDEAD_BEEF };
        let mut buffer = [0; 64];
        let length = header.write(&[1, 2, 3], &mut buffer);
        assert_eq!(Packet::parse(&buffer[..length]), Ok(Packet { header, payload: &[1, 2, 3] }));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0u8.., 0..80)) {
            let _ = Packet::parse(&bytes);
        }
    }
}
