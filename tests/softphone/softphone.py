"""baresip, a whole telephone, driven by lines on stdin; what it does is told as JSON lines on stdout.

    python3 softphone.py CODECS DTMF_MODE EXTRA_ACCOUNT_PARAMETERS...

Orders: dial URI | answer | reject | hangup | keys DIGITS | hold | resume | transfer URI | tone HZ (0: silence)
        | heard HZ... | quit
Facts:  ready addr | incoming peer | established | closed why | key | held | resumed | transfer_asked target
        | heard levels | done order | failed order why
"""

import array
import asyncio
import json
import math
import sys

from baresip import Account, BaresipError, Config, Event, Runtime, UserAgent

FRAME_S = 0.02
# What `heard` looks at: the last half second.
HEARD_S = 0.5


def tell(what, **more):
    print(json.dumps({"what": what, **more}), flush=True)


class Telephone:
    def __init__(self):
        self.call = None
        self.hz = 0
        self.received = array.array("h")
        self.rate = 8000

    def adopt(self, call):
        self.call = call
        call.on(self.on_event)
        call.on_dtmf(lambda digit: tell("key", key=digit.digit))
        call.on_transfer_request(lambda request: tell("transfer_asked", target=request.target, replaces=request.replaces))

    def on_event(self, event):
        if event.event is Event.CALL_RINGING:
            tell("ringing")
        elif event.event is Event.CALL_ESTABLISHED:
            tell("established")
        elif event.event is Event.CALL_CLOSED:
            tell("closed", why=event.text or "")
        elif event.event is Event.CALL_HOLD:
            tell("held")
        elif event.event is Event.CALL_RESUME:
            tell("resumed")

    async def speak_and_listen(self):
        """Keeps a little of the tone ahead of the wire, and takes in what has come."""
        phase = 0.0
        while True:
            await asyncio.sleep(FRAME_S / 2)
            if self.call is None:
                continue
            try:
                info = self.call.audio.info()
                frame_bytes = 2 * info.tx_channels
                if info.tx_ready and info.tx_buffered < info.tx_sample_rate * frame_bytes * 0.06:
                    step = 2 * math.pi * self.hz / info.tx_sample_rate
                    count = int(info.tx_sample_rate * FRAME_S)
                    loud = 8000 if self.hz else 0
                    tone = [int(loud * math.sin(phase + step * i)) for i in range(count)]
                    pcm = array.array("h", (s for s in tone for _ in range(info.tx_channels)))
                    phase = (phase + step * count) % (2 * math.pi)
                    self.call.audio.write(pcm.tobytes())
                if info.rx_ready:
                    self.rate = info.rx_sample_rate
                    pcm = array.array("h", self.call.audio.read(1 << 16))
                    self.received.extend(pcm[:: info.rx_channels])
                    del self.received[: -int(self.rate * HEARD_S)]
            except BaresipError:
                pass

    def level(self, hz):
        """The share of the heard energy that is at this frequency (Goertzel), 0 to 1."""
        samples = self.received
        energy = sum(s * s for s in samples)
        if len(samples) < self.rate * HEARD_S or energy < len(samples) * 100:
            return 0.0
        w = 2 * math.cos(2 * math.pi * hz / self.rate)
        a = b = 0.0
        for s in samples:
            a, b = s + w * a - b, a
        power = a * a + b * b - w * a * b
        return 2 * power / (len(samples) * energy)


async def carry_out(phone, agent, order, rest):
    if order == "dial":
        phone.adopt(await agent.dial(rest))
    elif order == "answer":
        await phone.call.answer()
    elif order == "reject":
        await phone.call.reject()
    elif order == "hangup":
        await phone.call.hangup()
    elif order == "keys":
        await phone.call.send_dtmf(rest)
    elif order == "hold":
        await phone.call.hold()
    elif order == "resume":
        await phone.call.resume()
    elif order == "transfer":
        await phone.call.transfer(rest, timeout=15)
    elif order == "accept_transfer":
        phone.adopt(await phone.call.accept_transfer())
    elif order == "tone":
        phone.hz = float(rest)
    elif order == "heard":
        tell("heard", levels=[round(phone.level(float(hz)), 3) for hz in rest.split()])
        return
    else:
        raise BaresipError(f"no such order: {order}")
    tell("done", order=order)


async def main():
    codecs, dtmf, *extra = sys.argv[1:]
    listen = extra.pop(0)
    runtime = Runtime()
    config = Config(net_interface="127.0.0.1", extra_config_text=f"sip_listen {listen}\n", max_concurrent_calls=4)
    await runtime.start(config)
    account = Account(
        user="phone",
        domain=listen,
        password="",
        reg_interval=0,
        audio_codecs=tuple(codecs.split(",")),
        dtmf_mode=dtmf,
        extra_params=tuple(extra),
    )
    agent = await UserAgent.create(runtime, account)
    phone = Telephone()

    def on_incoming(call):
        phone.adopt(call)
        tell("incoming", peer=call.peer)

    agent.on_incoming(on_incoming)
    speaking = asyncio.create_task(phone.speak_and_listen())
    tell("ready")
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := (await orders.readline()).decode().strip():
        order, _, rest = line.partition(" ")
        if order == "quit":
            break
        try:
            await carry_out(phone, agent, order, rest)
        except Exception as error:  # told to the test, which knows whether it may fail
            tell("failed", order=order, why=f"{type(error).__name__}: {error}")
    speaking.cancel()
    await runtime.close()


asyncio.run(main())
