using System.Collections.Frozen;
using Crescent.Server.Http;
using Crescent.Server.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Crescent.Server;

/// <summary>The web page: files of the folder Page, embedded in this assembly. They say nothing of models or conversations and need no key.</summary>
internal static class PageEndpoint
{
    private const string Prefix = "Page/";
    private const string Index = "index.html";

    // Nothing inline, nothing from elsewhere, and no markup made of text.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private static readonly FrozenDictionary<string, string> s_types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".png"] = "image/png",
        [".ico"] = "image/x-icon",
        [".json"] = "application/json",
        [".webmanifest"] = "application/manifest+json",
    }.ToFrozenDictionary();

    public static void MapPage(this IEndpointRouteBuilder routes)
    {
        foreach (var resource in typeof(PageEndpoint).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var path = resource[Prefix.Length..].Replace('\\', '/');
            if (!s_types.TryGetValue(Path.GetExtension(path), out var type))
            {
                continue;
            }

            RequestDelegate send = context => SendAsync(context, resource, type);
            routes.MapGet($"/{path}", send).WithMetadata(new NoKeyNeeded());
            if (path == Index)
            {
                routes.MapGet("/", send).WithMetadata(new NoKeyNeeded());
            }
        }
    }

    private static async Task SendAsync(HttpContext context, string resource, string type)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache";
        context.Response.ContentType = type;
        await using var file = typeof(PageEndpoint).Assembly.GetManifestResourceStream(resource)!;
        context.Response.ContentLength = file.Length;
        await file.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
