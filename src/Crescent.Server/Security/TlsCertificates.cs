using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Crescent.Server.Security;

/// <summary>What the server shows of itself over TLS.</summary>
/// <param name="Server">With its private key.</param>
/// <param name="Chain">Those between it and its root.</param>
public sealed record TlsCertificates(X509Certificate2 Server, X509Certificate2Collection Chain)
{
    /// <param name="path">A PEM file: the server's certificate first.</param>
    /// <param name="keyPath">A PEM file with its private key.</param>
    /// <exception cref="ArgumentException">They are no PEM, or do not belong together.</exception>
    public static TlsCertificates Read(string path, string keyPath)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(path);
            chain.RemoveAt(0);
            return new TlsCertificates(X509Certificate2.CreateFromPemFile(path, keyPath), chain);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new ArgumentException($"{path}, {keyPath}: expected a certificate in PEM and its private key, not encrypted: {exception.Message}", exception);
        }
    }
}
