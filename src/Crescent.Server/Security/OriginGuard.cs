using System.Net;
using Crescent.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Security;

/// <summary>
/// Keeps other web pages out. A server on the loopback address answers to its local names alone (else a foreign name that resolves to it would make a foreign
/// page its own), and a request that tells its page of origin must come from the server's own or from one that was allowed.
/// </summary>
internal sealed class OriginGuard(ServerOptions options)
{
    private readonly bool _isLoopback = IsLoopback(options.Host);

    public static bool IsLoopback(string host) => host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (_isLoopback && !IsLoopback(request.Host.Host))
        {
            throw Forbidden($"this server answers on the loopback address to local names alone, found the host '{request.Host}'");
        }

        if (request.Headers.Origin.ToString() is { Length: > 0 } origin && !IsOwn(request, origin))
        {
            if (!Allows(origin))
            {
                throw Forbidden($"pages of {origin} may not use this server (--cors-origin allows them)");
            }

            Allow(context, origin);
            if (HttpMethods.IsOptions(request.Method))
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }
        }

        await next(context);
    }

    private static bool IsOwn(HttpRequest request, string origin) =>
        string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);

    private bool Allows(string origin) => options.CorsOrigins.Any(allowed => allowed == "*" || string.Equals(allowed.TrimEnd('/'), origin, StringComparison.OrdinalIgnoreCase));

    private static void Allow(HttpContext context, string origin)
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.Vary = "Origin";
        headers.AccessControlAllowMethods = "GET, POST, DELETE, OPTIONS";
        headers.AccessControlAllowHeaders = context.Request.Headers.AccessControlRequestHeaders.ToString() is { Length: > 0 } asked ? asked : "authorization, content-type";
        headers.AccessControlMaxAge = "600";
    }

    private static ApiException Forbidden(string message) => new(new ApiError(403, "permission_error", message, Code: "forbidden"));
}
