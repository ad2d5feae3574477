using System.Net;
using System.Net.Sockets;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>
/// nginx or HAProxy in front of a Keypace, set as docs/operate/proxy.md says, with connections behind it that all callers share, and a rule of its own:
/// <see cref="Forbidden"/> is answered 403 and never passed on.
/// </summary>
internal sealed class Proxy : IAsyncDisposable
{
    public const string Forbidden = "/keys/forbidden/";

    private readonly TemporaryFolder _folder;
    private readonly ChildProcess _process;

    private Proxy(TemporaryFolder folder, ChildProcess process, Uri address) => (_folder, _process, Address) = (folder, process, address);

    public Uri Address { get; }

    /// <summary>Skips the test where the program is not installed.</summary>
    public static async Task<Proxy> StartAsync(string name, Uri behind)
    {
        var program = $"/usr/sbin/{name}";
        Assert.SkipUnless(File.Exists(program), $"There is no {program}: apt-get install {name}.");
        var folder = TemporaryFolder.Create($"keypace-{name}-");
        var port = LoopbackPort.Free();
        var file = folder.Write("proxy.conf", name == "nginx" ? Nginx(folder.Path, port, behind) : HAProxy(port, behind));
        var process = ChildProcess.Start(program, name == "nginx" ? ["-p", folder.Path, "-e", folder.File("errors"), "-c", file] : ["-f", file, "-db"], folder: folder.Path);
        var proxy = new Proxy(folder, process, new Uri($"http://127.0.0.1:{port}"));
        await Until.TrueAsync(() => process.HasExited || IsUp(port), $"{name} begins");
        Assert.False(process.HasExited, $"{name} ended: {process.Output}");
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private static bool IsUp(int port)
    {
        using var client = new TcpClient();
        try
        {
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Nginx(string folder, int port, Uri behind) => $$"""
        daemon off; worker_processes 1; user root; pid {{folder}}/pid; error_log {{folder}}/errors;
        events { worker_connections 256; }
        http {
            access_log off; client_body_temp_path {{folder}}/body; proxy_temp_path {{folder}}/proxy; fastcgi_temp_path {{folder}}/f; uwsgi_temp_path {{folder}}/u; scgi_temp_path {{folder}}/s;
            upstream keypace { server {{behind.Authority}}; keepalive 2; }
            server {
                listen 127.0.0.1:{{port}};
                location {{Forbidden}} { return 403; }
                location / {
                    proxy_pass http://keypace;
                    proxy_http_version 1.1;
                    proxy_set_header Host $http_host;
                    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                    proxy_set_header Upgrade $http_upgrade;
                    proxy_set_header Connection $http_connection;
                    proxy_buffering off;
                    proxy_request_buffering off;
                    proxy_read_timeout 15m;
                    client_max_body_size 32m;
                }
            }
        }
        """;

    private static string HAProxy(int port, Uri behind) => $$"""
        global
            maxconn 256
        defaults
            mode http
            option forwardfor
            http-reuse always
            timeout connect 5s
            timeout client 15m
            timeout server 15m
        frontend people
            bind 127.0.0.1:{{port}}
            http-request deny deny_status 403 if { path_beg {{Forbidden}} }
            default_backend keypace
        backend keypace
            server one {{behind.Authority}} pool-max-conn 2

        """;
}
