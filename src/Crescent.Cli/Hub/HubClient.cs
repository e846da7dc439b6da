using System.Net;
using System.Net.Http.Headers;

namespace Crescent.Cli.Hub;

/// <summary>
/// Requests to a hub. Redirects are followed here rather than by the handler, since the token goes to the endpoint's own host only and an encrypted
/// connection never becomes a plain one.
/// </summary>
internal sealed class HubClient : IDisposable
{
    private const int MostRedirects = 10;

    private readonly HubSettings _settings;
    private readonly HttpClient _http;

    public HubClient(HubSettings settings)
    {
        _settings = settings;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(30),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            UseProxy = !settings.Endpoint.IsLoopback,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, // the stall guard's business
        };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(HubSettings.UserAgent);
        _http.DefaultRequestHeaders.AcceptEncoding.ParseAdd("identity");
    }

    public HubSettings Settings => _settings;

    public Uri ListingUrl(HubId id, string revision) => new($"{_settings.Endpoint.AbsoluteUri.TrimEnd('/')}/api/models/{id.Name}/revision/{Uri.EscapeDataString(revision)}?blobs=true");

    public Uri FileUrl(HubId id, string commit, string path) =>
        new($"{_settings.Endpoint.AbsoluteUri.TrimEnd('/')}/{id.Name}/resolve/{commit}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}");

    /// <summary>The answer after all redirects, its body not yet read; its request's address is where it came from.</summary>
    /// <exception cref="TransferException">The connection failed, or nothing came for too long.</exception>
    /// <exception cref="CommandFailedException">The server redirects in circles or to where nobody should go.</exception>
    public async Task<HttpResponseMessage> GetAsync(Uri url, StallGuard guard, RangeHeaderValue? range = null, RangeConditionHeaderValue? condition = null)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            (request.Headers.Range, request.Headers.IfRange) = (range, range is null ? null : condition);
            if (_settings.Token is { } token && IsEndpoint(url))
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            var response = await guard.WaitAsync(cancellation => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation));
            if (!IsRedirect(response))
            {
                return response;
            }

            using (response)
            {
                url = redirects < MostRedirects ? Target(url, response) : throw new CommandFailedException($"{url.Host}: more than {MostRedirects} redirects");
            }
        }
    }

    public void Dispose() => _http.Dispose();

    // Scheme, host and port: another port of the same machine may be somebody else's.
    private bool IsEndpoint(Uri url) =>
        Uri.Compare(url, _settings.Endpoint, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static bool IsRedirect(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect
        && response.Headers.Location is not null;

    private static Uri Target(Uri from, HttpResponseMessage response)
    {
        var to = new Uri(from, response.Headers.Location!);
        return to.Scheme == Uri.UriSchemeHttps || (to.Scheme == Uri.UriSchemeHttp && from.Scheme == Uri.UriSchemeHttp)
            ? to
            : throw new CommandFailedException($"{from.Host}: refused a redirect from {from.Scheme} to {SafePath.Printable(to.Scheme)}");
    }
}
