using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Crescent.Server;
using Crescent.Server.Models;
using Crescent.Server.Security;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Security;

public sealed class TlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crescent-tls-").FullName;

    [Fact]
    public async Task A_server_with_a_certificate_speaks_HTTPS()
    {
        var (path, key, thumbprint) = Write("own");
        using var model = OpenedModel.Open("tiny");
        await using var registry = new ModelRegistry([model.Served]);
        await using var server = new CrescentServer(registry, new ServerOptions { Port = 0, Certificates = TlsCertificates.Read(path, key) });
        await server.StartAsync(TestContext.Current.CancellationToken);
        var address = new Uri(Assert.Single(server.Addresses));
        Assert.Equal("https", address.Scheme);
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown?.Thumbprint == thumbprint };
        using var client = new HttpClient(handler) { BaseAddress = address };
        Assert.Contains("tiny", await client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using var strict = new HttpClient { BaseAddress = address };
        await Assert.ThrowsAsync<HttpRequestException>(() => strict.GetStringAsync("/v1/models", TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Files_that_are_no_certificate_or_do_not_belong_together_are_refused()
    {
        var (path, key, _) = Write("own");
        var (_, other, _) = Write("other");
        var text = Path.Combine(_folder, "text");
        File.WriteAllText(text, "none");
        foreach (var (certificate, wrong) in ((string, string)[])[(path, other), (path, text), (text, key)])
        {
            Assert.Contains("expected a certificate in PEM", Assert.Throws<ArgumentException>(() => TlsCertificates.Read(certificate, wrong)).Message, StringComparison.Ordinal);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private (string Path, string Key, string Thumbprint) Write(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var (path, keyPath) = (Path.Combine(_folder, $"{name}.pem"), Path.Combine(_folder, $"{name}.key"));
        File.WriteAllText(path, certificate.ExportCertificatePem());
        File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem());
        return (path, keyPath, certificate.Thumbprint);
    }
}
