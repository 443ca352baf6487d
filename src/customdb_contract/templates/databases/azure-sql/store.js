// @part settings
  // Always encrypted. If Azure refuses a log-in for a moment (40613 and the like), it is retried once. A statement is never
  // retried, because it could have been executed. Each step has a time limit; together they are below Auth0's 20 s.
  function settings() {
    return {
      server: configuration.MSSQL_SERVER,
      authentication: {
        type: 'default',
        options: { userName: configuration.MSSQL_USER, password: configuration.MSSQL_PASSWORD },
      },
      options: {
        port: Number(configuration.MSSQL_PORT || 1433),
        database: configuration.MSSQL_DATABASE,
        encrypt: true,
        trustServerCertificate: false,
        serverName: configuration.MSSQL_CERTIFICATE_NAME,
        connectTimeout: 2000,
        requestTimeout: 3000,
        cancelTimeout: 1000,
        maxRetriesOnTransientErrors: 1,
        connectionRetryInterval: 500,
      },
    };
  }
