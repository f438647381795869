/** A channel whose server nobody is: everything it sends is refused. */
export const deadChannel = {
  channels: {
    telegram: {
      botToken: '1:nobody',
      apiRoot: 'http://127.0.0.1:9',
      dmPolicy: 'disabled',
    },
  },
};
