using Keypace.Domain;
using Keypace.Server.Platform;
using Keypace.Server.SettingUp;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Keypace.Server.Web;

/// <summary><c>/setup</c>: whoever has the one-time link becomes the owner. A form without script; looking at it changes nothing.</summary>
internal sealed class SetupPages(Claim claim, string? publicUrl)
{
    private const int MostFormBytes = 16 * 1024;

    public Task ShowAsync(HttpContext context)
    {
        var token = context.Request.Query["token"].ToString();
        return claim.IsClaimed ? AlreadyClaimedAsync(context)
            : claim.MayClaim(token) ? FormAsync(context, StatusCodes.Status200OK, token, "", null)
            : BadLinkAsync(context);
    }

    public async Task TakeAsync(HttpContext context)
    {
        if (claim.IsClaimed)
        {
            await AlreadyClaimedAsync(context);
            return;
        }

        if (IsFromAnotherSite(context.Request))
        {
            await Problems.WriteAsync(context, new Refusal(
                RefusalReason.Forbidden, "cross_site", "The form was sent from a page of another site. Open the set-up link itself and send it from there."));
            return;
        }

        if (!(await ReadFormAsync(context)).TryGet(out var form, out var refusal))
        {
            await Problems.WriteAsync(context, refusal);
            return;
        }

        // The token first: without it nobody makes this server hash passwords.
        var setupToken = form.Token;
        if (!claim.MayClaim(setupToken))
        {
            await BadLinkAsync(context);
            return;
        }

        if (form.PasswordAgain is { } again && again != form.Password)
            refusal = Refusal.Field("password_again", "The two passwords differ.", code: "password_refused");
        else if ((await NewOwner.CreateAsync(form.Email, form.Password, context.RequestAborted)).TryGet(out var owner, out refusal))
        {
            var from = context.Connection.RemoteIpAddress?.ToString() ?? "";
            // Not given up half-way when the browser leaves: either it is claimed, or the link still works.
            if ((await claim.TakeAsync(owner, from, RequestIds.Of(context), CancellationToken.None)).TryGet(out var first, out _))
                await DoneAsync(context, owner, first);
            else
                await AlreadyClaimedAsync(context);
            return;
        }

        await FormAsync(context, StatusCodes.Status422UnprocessableEntity, setupToken, form.Email, refusal.Detail);
    }

    /// <summary>Browsers say where a form comes from. Those that do not, and programs, are held by the token alone.</summary>
    private static bool IsFromAnotherSite(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0)
            return site is not ("same-origin" or "none");
        var origin = request.Headers.Origin.ToString();
        // "null" is what browsers send to a page that asks for no referrer, as ours does.
        return origin.Length > 0 && origin != "null" && origin != $"{request.Scheme}://{request.Host}";
    }

    private static async Task<Outcome<SetupForm>> ReadFormAsync(HttpContext context)
    {
        var unreadable = new Refusal(RefusalReason.Malformed, "unreadable_form", "Send the fields token, email and password as a form (application/x-www-form-urlencoded).");
        if (!string.Equals(context.Request.ContentType?.Split(';')[0].Trim(), "application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            return unreadable;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body)
            body.MaxRequestBodySize = MostFormBytes;
        try
        {
            return new SetupForm(await context.Request.ReadFormAsync(context.RequestAborted));
        }
        catch (InvalidDataException)
        {
            return unreadable;
        }
    }

    private static Task FormAsync(HttpContext context, int status, string token, string email, string? trouble) =>
        Page.WriteAsync(context, status, "Set up Keypace", $"""
            <p>Whoever fills this in becomes the owner of this installation. It can be done once.</p>
            {(trouble is null ? "" : $"<p class=\"trouble\" role=\"alert\">{Page.Text(trouble)}</p>")}
            <form method="post" action="/setup" autocomplete="off">
            <input type="hidden" name="token" value="{Page.Text(token)}">
            <label for="email">E-mail address</label>
            <input id="email" name="email" type="email" required maxlength="254" autocomplete="username" value="{Page.Text(email)}">
            <label for="password">Password, 15 to 128 characters</label>
            <input id="password" name="password" type="password" required minlength="15" maxlength="128" autocomplete="new-password">
            <label for="password_again">The same again</label>
            <input id="password_again" name="password_again" type="password" required minlength="15" maxlength="128" autocomplete="new-password">
            <button type="submit">Become the owner</button>
            </form>
            """);

    private Task DoneAsync(HttpContext context, NewOwner owner, FirstToken first)
    {
        var address = Page.Text(Page.AddressOf(context, publicUrl));
        return Page.WriteAsync(context, StatusCodes.Status200OK, "Keypace is set up", $"""
            <p>{Page.Text(owner.Email)} is the owner. This is your admin access token, valid for 90 days. It is shown this once and stored nowhere:</p>
            <pre>{Page.Text(first.Token.Reveal())}</pre>
            <p>Next, store a hub's API key; the command asks for the secret:</p>
            <pre>export KEYPACE_BASE_URL={address}
            read -rs KEYPACE_TOKEN &amp;&amp; export KEYPACE_TOKEN   # paste the token
            keypace api-keys create --name main --hub openai</pre>
            <p>Then query through it:</p>
            <pre>curl {address}/v1/chat/completions -H "Authorization: Bearer $KEYPACE_TOKEN" -H "Content-Type: application/json" \
              -d '{"{"}"model": "openai/gpt-4.1-mini", "messages": [{"{"}"role": "user", "content": "Hello"{"}"}]{"}"}'</pre>
            <p>Or with an OpenAI SDK: <code>base_url="{address}/v1"</code>, and the token as its <code>api_key</code>.</p>
            """);
    }

    private static Task BadLinkAsync(HttpContext context) => Page.WriteAsync(
        context,
        StatusCodes.Status403Forbidden,
        "This link does not work",
        "<p>It is wrong, or older than an hour. Start <code>keypace serve</code> again: it makes a new one and says where it is.</p>");

    private static Task AlreadyClaimedAsync(HttpContext context) => Page.WriteAsync(
        context,
        StatusCodes.Status410Gone,
        "Keypace is set up already",
        "<p>This Keypace has an owner, so the link is of no more use. A lost password is replaced with <code>keypace owner reset</code>.</p>");
}

/// <summary>What the form sends. Programs may leave the repeated password out.</summary>
internal sealed class SetupForm(IFormCollection form)
{
    public string Token => form["token"].ToString();

    public string Email => form["email"].ToString();

    public string Password => form["password"].ToString();

    public string? PasswordAgain => form.TryGetValue("password_again", out var again) ? again.ToString() : null;
}
