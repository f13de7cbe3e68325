import django.db.models.deletion
import vouchers.common.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('allowances', '0001_initial'),
        ('vouchers', '0001_initial'),
        ('vouchers', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='RegisterPaper',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False, verbose_name='번호')),
                ('attempt', models.PositiveSmallIntegerField(verbose_name='상신 차수')),
                ('is_plain', models.BooleanField(default=False, verbose_name='가림 없음')),
                ('state', models.CharField(choices=[('waiting', '대기'), ('making', '만드는 중'), ('ready', '완료'), ('failed', '실패')], default='waiting', max_length=10, verbose_name='상태')),
                ('rows', models.IntegerField(verbose_name='인원')),
                ('rows_done', models.IntegerField(default=0)),
                ('asked_at', models.DateTimeField(verbose_name='요청일시')),
                ('ready_at', models.DateTimeField(null=True, verbose_name='완료일시')),
                ('file_key', models.CharField(blank=True, max_length=120)),
                ('list_key', models.CharField(blank=True, max_length=120)),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='papers', to='allowances.batch', verbose_name='명단')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
                ('official', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='요청자')),
            ],
            options={
                'verbose_name': '지급 조서',
                'verbose_name_plural': '지급 조서',
                'ordering': ['-id'],
            },
        ),
    ]
