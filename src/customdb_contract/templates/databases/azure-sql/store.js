// @part settings
  // Always encrypted. A log-in that Azure refuses for a moment (40613 and the like) is tried once more; a statement never
  // is, for it may have been done. Each step has a time limit; together they are below the 20 s of Auth0.
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
