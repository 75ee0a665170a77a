/// A token that was just made: once, with a QR code and commands to paste.

import qrcode from 'qrcode-generator';
import { useMemo } from 'preact/hooks';

import { hubInfo } from '../state/hub';
import { t } from '../text';
import { Icon } from '../ui/icons';
import { Snippet } from '../ui/parts';
import type { NewToken } from './add_device';

/// What the code says: everything that a device needs to connect, as JSON.
export function pairingText(made: NewToken): string {
  const address = location.protocol === 'https:' ? 'wss' : 'ws';
  return JSON.stringify({
    strawberry: 1,
    url: `${address}://${location.host}/mqtt`,
    device_id: made.device_id,
    token: made.token,
  });
}

/// How devices reach the broker by TCP, as far as the hub knows.
function brokerAddress(): { port: number; tls: boolean } {
  const broker = hubInfo.value?.broker;
  const known = typeof broker === 'object' && broker !== null && !Array.isArray(broker) ? broker : {};
  return { port: typeof known.port === 'number' ? known.port : 1883, tls: known.tls === true };
}

function QrCode({ content }: { content: string }) {
  const drawing = useMemo(() => {
    const code = qrcode(0, 'L');
    code.addData(content, 'Byte');
    code.make();
    const size = code.getModuleCount();
    let path = '';
    for (let row = 0; row < size; row += 1) {
      for (let column = 0; column < size; column += 1) {
        if (code.isDark(row, column)) path += `M${column} ${row}h1v1h-1z`;
      }
    }
    return { size, path };
  }, [content]);
  const quiet = 4;
  return (
    <svg
      class="qr"
      viewBox={`${-quiet} ${-quiet} ${drawing.size + 2 * quiet} ${drawing.size + 2 * quiet}`}
      role="img"
      aria-label={t('token.qr')}
      shape-rendering="crispEdges"
    >
      <path d={drawing.path} />
    </svg>
  );
}

export function TokenOnce({ made }: { made: NewToken }) {
  const broker = brokerAddress();
  const host = location.hostname.replace(/^\[|\]$/g, '');
  const folder = made.device_id;
  // A file of options that only its owner can read: a command line shows the token to everybody on the machine.
  const mosquitto = [
    `(umask 077; mkdir -p ${folder}; cat > ${folder}/mosquitto_pub) <<'END'`,
    '-V mqttv5',
    `-h ${host}`,
    `-p ${broker.port}`,
    ...(broker.tls ? ['# the hub\'s certificate authority: tls/ca.crt of its data directory', '--cafile ca.crt'] : []),
    `-u ${made.device_id}`,
    `-P ${made.token}`,
    'END',
    `XDG_CONFIG_HOME=$PWD/${folder} mosquitto_pub -q 1 -t skills/${made.device_id}/request \\`,
    `  -m '{"op":"register","skills":[{"class_name":"LampSkill","function_name":"turn_on","signature":"turn_on(brightness: int = 100) -> str","docstring":"Turn the lamp on."}]}'`,
  ].join('\n');
  const python = [
    'import json',
    'import paho.mqtt.client as mqtt',
    '',
    `device, token = ${JSON.stringify(made.device_id)}, ${JSON.stringify(made.token)}`,
    '',
    'def connected(client, userdata, flags, reason, properties):',
    '    client.subscribe(f"skills/{device}/call", 1)',
    '    client.publish(f"skills/{device}/request", json.dumps({"op": "register", "skills": [{',
    '        "class_name": "LampSkill", "function_name": "turn_on",',
    '        "signature": "turn_on(brightness: int = 100) -> str", "docstring": "Turn the lamp on."}]}), 1)',
    '',
    'def called(client, userdata, message):',
    '    call = json.loads(message.payload)',
    '    print(call["skill_path"], call["args"], call["kwargs"])',
    '    client.publish(call["response_topic"], json.dumps({"correlation_id": call["correlation_id"],',
    '        "success": True, "result": "The lamp is on", "error": None}), 1)',
    '',
    'client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, device, protocol=mqtt.MQTTv5, transport="websockets")',
    'client.ws_set_options(path="/mqtt")',
    ...(location.protocol === 'https:' ? ['client.tls_set()'] : []),
    'client.username_pw_set(device, token)',
    'client.on_connect, client.on_message = connected, called',
    `client.connect(${JSON.stringify(host)}, ${location.port || (location.protocol === 'https:' ? 443 : 80)})`,
    'client.loop_forever()',
  ].join('\n');
  return (
    <div class="stack">
      <p class="notice warn">
        <Icon name="key" />
        <span>{t('token.once')}</span>
      </p>
      <div class="token-once">
        <div class="token-qr">
          <QrCode content={pairingText(made)} />
          <p class="muted small">{t('token.qr.about')}</p>
        </div>
        <div class="stack">
          <Snippet title={t('token.token')} text={made.token} />
        </div>
      </div>
      <Snippet title="mosquitto_pub" text={mosquitto} />
      <Snippet title="Python (paho-mqtt)" text={python} />
    </div>
  );
}
